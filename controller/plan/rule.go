package plan

import (
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/plan/rollout"
)

// rules gives one rule, or two where the target speaks gRPC beside HTTP: then the first takes the Open Inference
// Protocol's gRPC calls. With a response the rules answer by it and lead nowhere.
func (s *scene) rules(spec ruleSpec, response *sluicev1alpha1.DirectResponse) []gatewayv1.HTTPRouteRule {
	rest, grpc := ports(spec.target)
	var out []gatewayv1.HTTPRouteRule
	if grpc != 0 && rest != 0 && spec.path == pathAny {
		out = append(out, s.rule(spec.target, grpc, response, gatewayv1.HTTPRouteMatch{
			Path:    regex(pathGRPC),
			Headers: []gatewayv1.HTTPHeaderMatch{{Type: ref(gatewayv1.HeaderMatchRegularExpression), Name: "content-type", Value: typeGRPC}},
		}))
	}
	if grpc == 0 || rest == 0 {
		rest = servicePort
	}
	return append(out, s.rule(spec.target, rest, response, gatewayv1.HTTPRouteMatch{Path: regex(spec.path)}))
}

func (s *scene) rule(target part, port int32, response *sluicev1alpha1.DirectResponse, match gatewayv1.HTTPRouteMatch) gatewayv1.HTTPRouteRule {
	rule := gatewayv1.HTTPRouteRule{
		Matches:  []gatewayv1.HTTPRouteMatch{match},
		Filters:  []gatewayv1.HTTPRouteFilter{s.identity()},
		Timeouts: s.timeout(target),
	}
	if response != nil {
		rule.Filters = append(rule.Filters, respondWith(response.Name))
		return rule
	}
	rule.BackendRefs = s.backends(target.decision, port)
	return rule
}

// identity tells the server which service a request is for.
func (s *scene) identity() gatewayv1.HTTPRouteFilter {
	return gatewayv1.HTTPRouteFilter{
		Type: gatewayv1.HTTPRouteFilterRequestHeaderModifier,
		RequestHeaderModifier: &gatewayv1.HTTPHeaderFilter{Set: []gatewayv1.HTTPHeader{
			{Name: "KServe-Isvc-Name", Value: s.service.Name},
			{Name: "KServe-Isvc-Namespace", Value: s.service.Namespace},
		}},
	}
}

// backends names the Services that share the traffic. A single one has no weight written, as in KServe's routes.
func (s *scene) backends(d rollout.Decision, port int32) []gatewayv1.HTTPBackendRef {
	var out []gatewayv1.HTTPBackendRef
	for _, carried := range d.Carried {
		if !carried.Routed {
			continue
		}
		kind, number := gatewayv1.Kind("Service"), port
		namespace := gatewayv1.Namespace(s.service.Namespace)
		out = append(out, gatewayv1.HTTPBackendRef{BackendRef: gatewayv1.BackendRef{
			BackendObjectReference: gatewayv1.BackendObjectReference{
				Kind: &kind, Namespace: &namespace, Name: gatewayv1.ObjectName(carried.Service), Port: &number,
			},
			Weight: ref(carried.Weight),
		}})
	}
	if len(out) == 1 {
		out[0].Weight = nil
	}
	return out
}

// ports finds the Service's HTTP and gRPC ports, 0 where it has none. All of a component's Services are asked for the
// holder's.
func ports(p part) (rest, grpc int32) {
	for _, port := range holderPorts(p.decision) {
		switch {
		case isGRPC(port) && grpc == 0:
			grpc = port.Port
		case !isGRPC(port) && rest == 0:
			rest = port.Port
		}
	}
	return rest, grpc
}

func holderPorts(d rollout.Decision) []corev1.ServicePort {
	if len(d.Carried) == 0 {
		return nil
	}
	return servicePorts(d.Carried[0].Service, d.Carried[0].Revision.Template.Spec)
}

func regex(path string) *gatewayv1.HTTPPathMatch {
	return &gatewayv1.HTTPPathMatch{Type: ref(gatewayv1.PathMatchRegularExpression), Value: &path}
}

func ref[T any](v T) *T { return &v }
