package translate

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/xds/ir"
)

const (
	kindHTTPRoute = "HTTPRoute"
	kindGRPCRoute = "GRPCRoute"
)

// routeKey names an HTTPRoute or GRPCRoute.
type routeKey struct {
	kind string
	name types.NamespacedName
}

// route is an HTTPRoute or a GRPCRoute in one form: what its own text says, before any other object is looked at.
type route struct {
	key        routeKey
	created    time.Time
	generation int64
	parentRefs []gatewayv1.ParentReference
	owners     []metav1.OwnerReference
	// hostnames are valid and in lower case, each once; anyHost alone where the route gives none.
	hostnames []string
	// model is set where the route has only the requests that name this model in their path, and byModel where it
	// answers those that name none.
	model   string
	byModel bool
	rules   []rule
	// problems are those of the hostnames.
	problems []problem
}

// rule is one rule of a route, with its matches read.
type rule struct {
	// name is what the route calls the rule, if anything.
	name    string
	matches []match
	// problems are the matches that can't be served, and what else the rule asks for in vain.
	problems []problem
	// prefixOnly says that every match is by path prefix, which a prefix's replacement needs.
	prefixOnly bool
	filters    []gatewayv1.HTTPRouteFilter
	backends   []gatewayv1.HTTPBackendRef
	timeouts   *gatewayv1.HTTPRouteTimeouts
	retry      *gatewayv1.HTTPRouteRetry
	// grpc says that backends are spoken to by HTTP/2.
	grpc bool
}

// match is one condition of a rule with its place among others, as far as the condition itself gives it.
type match struct {
	index int
	ir    ir.Match
	rank  precedence
}

// newRank fills what a match itself says of its precedence.
func newRank(m ir.Match) precedence {
	rank, length := rankPath(m.Path)
	return precedence{
		pathRank:   rank,
		pathLength: length,
		anyMethod:  m.Method == "",
		headers:    len(m.Headers),
		query:      len(m.Query),
	}
}

// readHostnames fills hostnames and problems from what the route gives.
func (r *route) readHostnames(written []gatewayv1.Hostname) {
	if len(written) == 0 {
		r.hostnames = []string{anyHost}
		return
	}
	seen := map[string]bool{}
	for i, hostname := range written {
		parsed, wrong := parseHostname(string(hostname))
		if wrong != "" {
			r.problems = append(r.problems, unsupported("hostnames[%d] %q %s", i, hostname, wrong))
			continue
		}
		if !seen[parsed] {
			seen[parsed] = true
			r.hostnames = append(r.hostnames, parsed)
		}
	}
}

// readModel fills model and byModel, which are for planned routes.
func (r *route) readModel(annotations map[string]string) {
	model, marked := annotations[sluicev1alpha1.AnnotationByModel]
	switch {
	case !marked || r.key.name.Namespace != PlannedNamespace:
	case model == sluicev1alpha1.AnyModel:
		r.byModel = true
	default:
		r.model = model
	}
}

// object is what a rejection by Envoy is reported on.
func (r *route) object() ir.Ref {
	return ir.Ref{Kind: r.key.kind, Namespace: r.key.name.Namespace, Name: r.key.name.Name}
}
