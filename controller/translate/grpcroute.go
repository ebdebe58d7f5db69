package translate

import (
	"regexp"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/xds/ir"
)

// anyElement matches a gRPC service or method that is not named.
const anyElement = "[^/]+"

// newGRPCRoute reads a GRPCRoute: a gRPC call is a POST to the path /service/method.
func newGRPCRoute(in *gatewayv1.GRPCRoute) *route {
	r := &route{
		key:        routeKey{kindGRPCRoute, nameOf(in)},
		created:    in.CreationTimestamp.Time,
		generation: in.Generation,
		parentRefs: in.Spec.ParentRefs,
		owners:     in.OwnerReferences,
	}
	r.readHostnames(in.Spec.Hostnames)
	for i := range in.Spec.Rules {
		r.rules = append(r.rules, newGRPCRule(&in.Spec.Rules[i]))
	}
	return r
}

func newGRPCRule(in *gatewayv1.GRPCRouteRule) rule {
	out := rule{filters: httpFilters(in.Filters), grpc: true}
	for _, backend := range in.BackendRefs {
		out.backends = append(out.backends, gatewayv1.HTTPBackendRef{BackendRef: backend.BackendRef, Filters: httpFilters(backend.Filters)})
	}
	matches := in.Matches
	if len(matches) == 0 {
		matches = []gatewayv1.GRPCRouteMatch{{}}
	}
	for i := range matches {
		parsed, problems := readGRPCMatch(&matches[i])
		if len(problems) > 0 {
			out.problems = append(out.problems, within(problems, "matches[%d]", i)...)
			continue
		}
		out.matches = append(out.matches, match{index: i, ir: parsed, rank: grpcRank(parsed, matches[i].Method)})
	}
	if in.SessionPersistence != nil {
		out.problems = append(out.problems, unsupported("sessionPersistence is not supported: leave it out"))
	}
	return out
}

// readGRPCMatch gives a match, or everything that is wrong with it.
func readGRPCMatch(in *gatewayv1.GRPCRouteMatch) (ir.Match, []problem) {
	var problems []problem
	path, err := readMethod(in.Method)
	if err != nil {
		problems = append(problems, *err)
	}
	headers := make([]valueMatch, 0, len(in.Headers))
	for _, h := range in.Headers {
		kind := valueOr(h.Type, gatewayv1.GRPCHeaderMatchExact)
		headers = append(headers, valueMatch{name: string(h.Name), value: h.Value, kind: gatewayv1.HeaderMatchType(kind)})
	}
	read, wrong := readHeaderMatches(headers)
	return ir.Match{Path: path, Headers: read}, append(problems, wrong...)
}

// readMethod gives the paths of the calls that a method match takes.
func readMethod(in *gatewayv1.GRPCMethodMatch) (ir.Path, *problem) {
	if in == nil {
		return ir.Path{Kind: ir.PathPrefix, Value: "/"}, nil
	}
	service, method := valueOr(in.Service, ""), valueOr(in.Method, "")
	if service == "" && method == "" {
		return ir.Path{}, problemf("method: neither service nor method is given: give one, or leave method out to match every call")
	}
	switch kind := valueOr(in.Type, gatewayv1.GRPCMethodMatchExact); kind {
	case gatewayv1.GRPCMethodMatchExact:
		return exactMethod(service, method)
	case gatewayv1.GRPCMethodMatchRegularExpression:
		for _, expression := range []string{service, method} {
			// Each is checked by itself, or "a)|(b" would pass once both stand in one expression.
			if expression == "" {
				continue
			}
			if wrong := checkRegex("method", expression, maxPath); wrong != nil {
				return ir.Path{}, wrong
			}
		}
		whole := "/" + groupOrAny(service) + "/" + groupOrAny(method)
		return ir.Path{Kind: ir.PathRegex, Value: whole}, checkRegex("method", whole, 3*maxPath)
	default:
		return ir.Path{}, problemf("method.type %q is not one of Exact, RegularExpression", kind)
	}
}

func exactMethod(service, method string) (ir.Path, *problem) {
	if strings.Contains(service, "/") || strings.Contains(method, "/") {
		return ir.Path{}, problemf("method: service %q and method %q must not have a slash", service, method)
	}
	switch {
	case method == "":
		path := "/" + service
		return ir.Path{Kind: ir.PathPrefix, Value: path}, checkPath(path)
	case service == "":
		wrong := checkPath("/" + method)
		return ir.Path{Kind: ir.PathRegex, Value: "/" + anyElement + "/" + regexp.QuoteMeta(method)}, wrong
	default:
		path := "/" + service + "/" + method
		return ir.Path{Kind: ir.PathExact, Value: path}, checkPath(path)
	}
}

func groupOrAny(expression string) string {
	if expression == "" {
		return anyElement
	}
	return "(?:" + expression + ")"
}

// grpcRank places a gRPC match. The specification counts the characters of the service, then those of the
// method, then headers; exact methods before services before expressions gives that order among matches that
// can meet. A match without a method takes every call and comes last.
func grpcRank(m ir.Match, method *gatewayv1.GRPCMethodMatch) precedence {
	rank := newRank(m)
	if method == nil {
		rank.pathRank, rank.pathLength = rankAnyMethod, 0
	}
	return rank
}

// httpFilters gives GRPCRoute's filters in HTTPRoute's form, of which they are a part.
func httpFilters(in []gatewayv1.GRPCRouteFilter) []gatewayv1.HTTPRouteFilter {
	out := make([]gatewayv1.HTTPRouteFilter, 0, len(in))
	for _, f := range in {
		out = append(out, gatewayv1.HTTPRouteFilter{
			Type:                   gatewayv1.HTTPRouteFilterType(f.Type),
			RequestHeaderModifier:  f.RequestHeaderModifier,
			ResponseHeaderModifier: f.ResponseHeaderModifier,
			RequestMirror:          f.RequestMirror,
			ExtensionRef:           f.ExtensionRef,
		})
	}
	return out
}
