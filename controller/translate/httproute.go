package translate

import (
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/xds/ir"
)

// newHTTPRoute reads an HTTPRoute.
func newHTTPRoute(in *gatewayv1.HTTPRoute) *route {
	r := &route{
		key:        routeKey{kindHTTPRoute, nameOf(in)},
		created:    in.CreationTimestamp.Time,
		generation: in.Generation,
		parentRefs: in.Spec.ParentRefs,
		owners:     in.OwnerReferences,
	}
	r.readHostnames(in.Spec.Hostnames)
	r.readModel(in.Annotations)
	rules := in.Spec.Rules
	if len(rules) == 0 {
		// The API server's own default for a route without rules.
		rules = []gatewayv1.HTTPRouteRule{{}}
	}
	for i := range rules {
		r.rules = append(r.rules, newHTTPRule(&rules[i]))
	}
	return r
}

func newHTTPRule(in *gatewayv1.HTTPRouteRule) rule {
	out := rule{
		name:       string(valueOr(in.Name, "")),
		prefixOnly: true,
		filters:    in.Filters,
		backends:   in.BackendRefs,
		timeouts:   in.Timeouts,
		retry:      in.Retry,
	}
	matches := in.Matches
	if len(matches) == 0 {
		matches = []gatewayv1.HTTPRouteMatch{{}}
	}
	for i := range matches {
		parsed, problems := readHTTPMatch(&matches[i])
		out.prefixOnly = out.prefixOnly && (parsed.Path.Kind == ir.PathPrefix)
		if len(problems) > 0 {
			out.problems = append(out.problems, within(problems, "matches[%d]", i)...)
			continue
		}
		out.matches = append(out.matches, match{index: i, ir: parsed, rank: newRank(parsed)})
	}
	if in.SessionPersistence != nil {
		out.problems = append(out.problems, unsupported("sessionPersistence is not supported: leave it out"))
	}
	return out
}

// readHTTPMatch gives a match, or everything that is wrong with it.
func readHTTPMatch(in *gatewayv1.HTTPRouteMatch) (ir.Match, []problem) {
	var out ir.Match
	var problems []problem
	var err *problem
	if out.Path, err = readPath(in.Path); err != nil {
		problems = append(problems, *err)
	}
	if in.Method != nil {
		out.Method = string(*in.Method)
		if !knownMethod(*in.Method) {
			problems = append(problems, unsupported("method %q is not an HTTP method in upper case", *in.Method))
		}
	}
	headers := make([]valueMatch, 0, len(in.Headers))
	for _, h := range in.Headers {
		headers = append(headers, valueMatch{name: string(h.Name), value: h.Value, kind: valueOr(h.Type, gatewayv1.HeaderMatchExact)})
	}
	query := make([]valueMatch, 0, len(in.QueryParams))
	for _, q := range in.QueryParams {
		kind := valueOr(q.Type, gatewayv1.QueryParamMatchExact)
		query = append(query, valueMatch{name: string(q.Name), value: q.Value, kind: gatewayv1.HeaderMatchType(kind)})
	}
	var wrong []problem
	out.Headers, wrong = readHeaderMatches(headers)
	problems = append(problems, wrong...)
	out.Query, wrong = readQueryMatches(query)
	return out, append(problems, wrong...)
}

func knownMethod(method gatewayv1.HTTPMethod) bool {
	switch method {
	case gatewayv1.HTTPMethodGet, gatewayv1.HTTPMethodHead, gatewayv1.HTTPMethodPost, gatewayv1.HTTPMethodPut,
		gatewayv1.HTTPMethodDelete, gatewayv1.HTTPMethodConnect, gatewayv1.HTTPMethodOptions, gatewayv1.HTTPMethodTrace,
		gatewayv1.HTTPMethodPatch:
		return true
	}
	return false
}

// valueOr gives what an optional field holds, or its default.
func valueOr[T any](field *T, absent T) T {
	if field == nil {
		return absent
	}
	return *field
}
