package plan

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// The path and header conditions of KServe's rules.
const (
	pathAny     = "^/.*$"
	pathExplain = `^/v1/models/[\w-]+:explain$`
	pathGRPC    = `^/inference\.GRPCInferenceService/.*$`
	typeGRPC    = "^application/grpc.*"
)

// defaultTimeout of a rule whose component sets none.
const defaultTimeout = gatewayv1.Duration("60s")

// routing is the routes of a service, with what they need.
type routing struct {
	routes    []gatewayv1.HTTPRoute
	responses []sluicev1alpha1.DirectResponse
	// problem says why there are none.
	problem *problem
	// skipped says that the service is not to be reached from outside.
	skipped bool
}

// routes gives a route for each component and, under the service's own name, the one to its entry.
func (s *scene) routes(parts []part) routing {
	if s.clusterLocal() {
		return routing{skipped: true}
	}
	var out routing
	for _, p := range parts {
		out.add(s, routeSpec{name: s.name(p.kind), rules: []ruleSpec{{path: pathAny, target: p}}})
	}
	top := routeSpec{name: s.service.Name, extra: s.settings.Ingress.AdditionalDomains, gate: parts}
	if explainer, ok := find(parts, v1beta1.ExplainerComponent); ok {
		top.rules = append(top.rules, ruleSpec{path: pathExplain, target: explainer})
	}
	top.rules = append(top.rules, ruleSpec{path: pathAny, target: entry(parts)})
	out.add(s, top)
	return out
}

// clusterLocal says that the service is not to be reached from outside.
func (s *scene) clusterLocal() bool {
	i := s.settings.Ingress
	return i.DisableCreation || i.Domain == "svc.cluster.local" ||
		s.service.Labels[v1beta1.LabelVisibility] == v1beta1.VisibilityClusterLocal
}

// entry is the component that a service's requests go to first.
func entry(parts []part) part {
	if t, ok := find(parts, v1beta1.TransformerComponent); ok {
		return t
	}
	return parts[0]
}

func find(parts []part, kind v1beta1.ComponentType) (part, bool) {
	for _, p := range parts {
		if p.kind == kind {
			return p, true
		}
	}
	return part{}, false
}

// routeSpec is one route before it is written down.
type routeSpec struct {
	name  string
	extra []string
	rules []ruleSpec
	// gate are the components that have to be ready beside a rule's own target.
	gate []part
}

// ruleSpec sends a path to a component.
type ruleSpec struct {
	path   string
	target part
}

// add writes a route down, with the response that stands for what isn't ready.
func (r *routing) add(s *scene, spec routeSpec) {
	hosts, err := s.hosts(spec)
	if err != nil {
		r.problem = refused("InvalidHost", "%v", err)
		return
	}
	route := gatewayv1.HTTPRoute{
		TypeMeta: metav1.TypeMeta{APIVersion: gatewayv1.GroupVersion.String(), Kind: "HTTPRoute"},
		ObjectMeta: metav1.ObjectMeta{
			Name:            spec.name,
			Namespace:       s.service.Namespace,
			Labels:          s.ownLabels(),
			Annotations:     s.ownAnnotations(),
			OwnerReferences: s.owner(),
		},
		Spec: gatewayv1.HTTPRouteSpec{
			CommonRouteSpec: gatewayv1.CommonRouteSpec{ParentRefs: []gatewayv1.ParentReference{parent(s.settings.Ingress)}},
			Hostnames:       hosts,
		},
	}
	for _, rule := range spec.rules {
		if len(rule.target.decision.Carried) == 0 && !s.settings.Unavailable {
			return // Nothing was ever there to lead to.
		}
		response := s.unavailable(spec, rule)
		route.Spec.Rules = append(route.Spec.Rules, s.rules(rule, response)...)
		if response != nil {
			r.respond(*response)
		}
	}
	r.routes = append(r.routes, route)
}

// respond keeps one response of a name: rules of one route that share a reason share the response.
func (r *routing) respond(response sluicev1alpha1.DirectResponse) {
	for _, have := range r.responses {
		if have.Name == response.Name {
			return
		}
	}
	r.responses = append(r.responses, response)
}

func (s *scene) hosts(spec routeSpec) ([]gatewayv1.Hostname, error) {
	main, err := s.host(spec.name, s.settings.Ingress.Domain)
	if err != nil {
		return nil, err
	}
	hosts := []gatewayv1.Hostname{gatewayv1.Hostname(main)}
	seen := map[string]bool{main: true}
	for _, domain := range spec.extra {
		// A further domain that makes no host is left out, as KServe does: the service is reached by the others.
		host, err := s.host(spec.name, domain)
		if err != nil || seen[host] {
			continue
		}
		seen[host] = true
		hosts = append(hosts, gatewayv1.Hostname(host))
	}
	return hosts, nil
}

func (s *scene) host(name, domain string) (string, error) {
	return s.settings.Ingress.HostTemplate.Host(settings.HostValues{
		Name:          name,
		Namespace:     s.service.Namespace,
		IngressDomain: domain,
		Annotations:   s.service.Annotations,
		Labels:        s.service.Labels,
	})
}

func parent(i settings.Ingress) gatewayv1.ParentReference {
	group, kind := gatewayv1.Group(gatewayv1.GroupName), gatewayv1.Kind("Gateway")
	namespace := gatewayv1.Namespace(i.Gateway.Namespace)
	return gatewayv1.ParentReference{Group: &group, Kind: &kind, Namespace: &namespace, Name: gatewayv1.ObjectName(i.Gateway.Name)}
}

// timeout is that of the component a rule leads to.
func (s *scene) timeout(p part) *gatewayv1.HTTPRouteTimeouts {
	if s.settings.Ingress.DisableTimeouts {
		return nil
	}
	request := defaultTimeout
	if n := p.extension.TimeoutSeconds; n != nil {
		request = gatewayv1.Duration(fmt.Sprintf("%ds", *n))
	}
	return &gatewayv1.HTTPRouteTimeouts{Request: &request}
}
