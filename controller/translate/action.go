package translate

import (
	"math"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/xds/ir"
)

// action gives what a rule does with a request, without name and match; with none of Forward, Redirect and
// Respond where all of its backends lead nowhere.
func (c *compiler) action(r *rule) (ir.Route, []problem) {
	filters, problems := c.filters(r)
	out := ir.Route{Redirect: filters.redirect, Respond: filters.respond, ResponseHeaders: filters.responseHeaders}
	if filters.unresolved {
		return ir.Route{}, problems
	}
	if out.Redirect != nil || out.Respond != nil {
		if len(r.backends) > 0 {
			problems = append(problems, incompatible("backendRefs can't stand beside a filter that answers the request itself: leave one out"))
		}
		return out, problems
	}
	forward := &ir.Forward{Rewrite: filters.rewrite, Mirrors: filters.mirrors}
	var wrong []problem
	forward.Backends, wrong = c.weighted(r)
	problems = append(problems, wrong...)
	problems = append(problems, limit(forward, r)...)
	if leadsSomewhere(forward.Backends) {
		out.Forward, out.RequestHeaders = forward, filters.requestHeaders
	} else {
		out.ResponseHeaders = nil
	}
	return out, problems
}

// leadsSomewhere says whether any request can reach a backend.
func leadsSomewhere(all []ir.Weighted) bool {
	for _, w := range all {
		if w.Weight > 0 && w.Backend != ir.Unresolved {
			return true
		}
	}
	return false
}

// limit sets a forward's time-outs and retries.
func limit(forward *ir.Forward, r *rule) (problems []problem) {
	timeouts := valueOr(r.timeouts, gatewayv1.HTTPRouteTimeouts{})
	request, err := parseDuration(timeouts.Request)
	if err != nil {
		problems = append(problems, unsupported("timeouts.request: %v", err))
	}
	try, err := parseDuration(timeouts.BackendRequest)
	if err != nil {
		problems = append(problems, unsupported("timeouts.backendRequest: %v", err))
	}
	if request > 0 && try > request {
		problems = append(problems, unsupported("timeouts.backendRequest %s is longer than timeouts.request %s", *timeouts.BackendRequest, *timeouts.Request))
	}
	retry, wrong := readRetry(r.retry)
	problems = append(problems, wrong...)
	forward.TimeoutMS, forward.Retry = request, retry
	switch {
	case retry != nil:
		retry.TryTimeoutMS = try
	case try > 0:
		// With a single try, its time is the request's.
		forward.TimeoutMS = try
	}
	return problems
}

// readRetry gives nil where a request is tried once.
func readRetry(in *gatewayv1.HTTPRouteRetry) (*ir.Retry, []problem) {
	if in == nil {
		return nil, nil
	}
	var problems []problem
	attempts := valueOr(in.Attempts, 1)
	if attempts < 0 || attempts > math.MaxInt32 {
		problems = append(problems, unsupported("retry.attempts %d is not a number of attempts", attempts))
	}
	backoff, err := parseDuration(in.Backoff)
	if err != nil {
		problems = append(problems, unsupported("retry.backoff: %v", err))
	}
	out := &ir.Retry{BackoffMS: backoff}
	for i, code := range in.Codes {
		if code < 400 || code > 599 {
			problems = append(problems, unsupported("retry.codes[%d] %d is not between 400 and 599", i, code))
			continue
		}
		out.StatusCodes = append(out.StatusCodes, uint32(code))
	}
	if len(problems) > 0 || attempts == 0 {
		return nil, problems
	}
	out.Attempts = uint32(attempts)
	return out, nil
}
