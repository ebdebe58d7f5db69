package envoy

import (
	"slices"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	lua "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-serving/sluice/xds/ir"
)

// route gives one route of a host of a listener, whose name tells a redirect what it is reached by.
func route(listener, host string, r ir.Route) *routev3.Route {
	out := &routev3.Route{Name: r.Name, Match: match(r.Match)}
	request, response := edits(r.RequestHeaders), edits(r.ResponseHeaders)
	if !editsByBackend(r.Forward) {
		out.RequestHeadersToAdd, out.RequestHeadersToRemove = request.add, request.remove
		out.ResponseHeadersToAdd, out.ResponseHeadersToRemove = response.add, response.remove
		request, response = headerEdits{}, headerEdits{}
	}
	switch {
	case r.Redirect != nil:
		action, perFilter := redirect(listener, host, r.Match.Path, r.Redirect)
		out.Action, out.TypedPerFilterConfig = &routev3.Route_Redirect{Redirect: action}, perFilter
	case r.Respond != nil:
		out.Action = &routev3.Route_DirectResponse{DirectResponse: respond(r.Respond)}
		if r.Respond.ContentType != "" {
			out.ResponseHeadersToAdd = append(out.ResponseHeadersToAdd,
				overwrite("content-type", literal(r.Respond.ContentType)))
		}
	case r.Forward != nil:
		out.Action = &routev3.Route_Route{Route: forward(r.Match.Path, r.Forward, request, response)}
	}
	for filter, config := range access(r.Access) {
		if out.TypedPerFilterConfig == nil {
			out.TypedPerFilterConfig = map[string]*anypb.Any{}
		}
		out.TypedPerFilterConfig[filter] = config
	}
	if r.ByModel {
		if out.TypedPerFilterConfig == nil {
			out.TypedPerFilterConfig = map[string]*anypb.Any{}
		}
		out.TypedPerFilterConfig[modelFilter] = pack(&lua.LuaPerRoute{Override: &lua.LuaPerRoute_Name{Name: modelCodeName}})
	}
	return out
}

// editsByBackend says whether a route's header edits differ by backend. Then each backend carries the route's
// too, and the route none.
func editsByBackend(f *ir.Forward) bool {
	return f != nil && slices.ContainsFunc(f.Backends, func(b ir.Weighted) bool {
		return b.RequestHeaders != nil || b.ResponseHeaders != nil
	})
}

// forward sends to f's backends; request and response are edits that each backend does before its own.
func forward(path ir.Path, f *ir.Forward, request, response headerEdits) *routev3.RouteAction {
	timeout := time.Duration(f.TimeoutMS) * time.Millisecond
	action := &routev3.RouteAction{
		// A cluster that Envoy does not have is a backend that was refused or does not exist.
		ClusterNotFoundResponseCode: routev3.RouteAction_INTERNAL_SERVER_ERROR,
		Timeout:                     durationpb.New(timeout),
		RetryPolicy:                 retry(f.Retry),
		RequestMirrorPolicies:       mirrors(f.Mirrors),
	}
	if timeout > idleTimeout {
		// The connection manager's bound on silence must not undercut what the route allows.
		action.IdleTimeout = durationpb.New(timeout)
	}
	setDestination(action, f, request, response)
	setRewrite(action, path, f.Rewrite)
	return action
}

// setDestination picks a single cluster directly and several by their share of the sum of weights.
func setDestination(action *routev3.RouteAction, f *ir.Forward, request, response headerEdits) {
	var shares []*routev3.WeightedCluster_ClusterWeight
	for _, b := range f.Backends {
		if b.Weight == 0 {
			continue
		}
		request, response := request.then(edits(b.RequestHeaders)), response.then(edits(b.ResponseHeaders))
		shares = append(shares, &routev3.WeightedCluster_ClusterWeight{
			Name:                    b.Backend,
			Weight:                  wrapperspb.UInt32(b.Weight),
			RequestHeadersToAdd:     request.add,
			RequestHeadersToRemove:  request.remove,
			ResponseHeadersToAdd:    response.add,
			ResponseHeadersToRemove: response.remove,
		})
	}
	if len(shares) == 1 && !editsByBackend(f) {
		action.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: shares[0].GetName()}
		return
	}
	action.ClusterSpecifier = &routev3.RouteAction_WeightedClusters{
		WeightedClusters: &routev3.WeightedCluster{Clusters: shares},
	}
}

func setRewrite(action *routev3.RouteAction, path ir.Path, r *ir.Rewrite) {
	if r == nil {
		return
	}
	if r.Host != "" {
		action.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: r.Host}
	}
	var change pathChange
	switch {
	case r.Path != "":
		change = replacePath(r.Path)
	case r.Prefix != "":
		change = replacePrefix(path, r.Prefix)
	}
	action.PrefixRewrite, action.RegexRewrite = change.prefix, change.regex
}

// unsent are the failures after which an endpoint has seen nothing of the request: the connection was refused,
// it ended before the first byte, or an HTTP/2 server said that it did not begin (RFC 9113, section 8.7). To
// try again elsewhere then can't run an inference twice, so every route does it.
const unsent = "connect-failure,refused-stream,reset-before-request"

// unsentRetries is how often. It has to be more than failuresOfTheDead, and with Envoy's waits of up to 250 ms in between
// they last some 0.8 s, in which a dead endpoint is removed.
const unsentRetries = 8

func retry(r *ir.Retry) *routev3.RetryPolicy {
	policy := &routev3.RetryPolicy{
		RetryOn:    unsent,
		NumRetries: wrapperspb.UInt32(unsentRetries),
		RetryHostPredicate: []*routev3.RetryPolicy_RetryHostPredicate{{
			Name:       "envoy.retry_host_predicates.previous_hosts",
			ConfigType: previousHosts(),
		}},
		// Where several hosts are as idle as each other, a pick hits one that was tried before by chance: of two hosts, all of
		// ten do once in a thousand. One that is dead is the idlest, and left to passOverDead.
		HostSelectionRetryMaxAttempts: 10,
	}
	if r == nil {
		return policy
	}
	// Who asks for retries asks for them after a reset and a timeout too (Gateway API, HTTPRouteRetry). Envoy has one number for all
	// reasons, so that a user's own holds for unsent requests as well: with fewer than failuresOfTheDead attempts a request may find
	// a dead endpoint each time, until others have had that one passed over. To keep eight would repeat eight times what may have run.
	policy.RetryOn += ",reset"
	policy.NumRetries = wrapperspb.UInt32(r.Attempts)
	if len(r.StatusCodes) > 0 {
		policy.RetryOn += ",retriable-status-codes"
		policy.RetriableStatusCodes = r.StatusCodes
	}
	if r.BackoffMS > 0 {
		policy.RetryBackOff = &routev3.RetryPolicy_RetryBackOff{
			BaseInterval: durationpb.New(time.Duration(r.BackoffMS) * time.Millisecond),
		}
	}
	if r.TryTimeoutMS > 0 {
		policy.PerTryTimeout = durationpb.New(time.Duration(r.TryTimeoutMS) * time.Millisecond)
	}
	return policy
}

func respond(r *ir.Respond) *routev3.DirectResponseAction {
	action := &routev3.DirectResponseAction{Status: r.Status}
	if r.Body != "" {
		action.Body = inline(r.Body)
	}
	return action
}
