package translate

import (
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
)

// generator makes objects out of few names, ports and hostnames, so that they meet often.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 1))} }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

// some gives up to most values.
func some[T any](g generator, most int, next func() T) []T {
	out := make([]T, 0, most)
	for range g.IntN(most + 1) {
		out = append(out, next())
	}
	return out
}

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g generator) namespace() string { return pick(g, "default", "models", PlannedNamespace) }

func (g generator) hostname() gatewayv1.Hostname {
	return pick[gatewayv1.Hostname](g, "a.example.com", "b.example.com", "*.example.com", "*.b.example.com", "c.b.example.com", "localhost", "10.0.0.1")
}

// object makes an object of any kind that translation reads.
func (g generator) object() Object {
	switch g.IntN(17) {
	case 0:
		return g.gateway()
	case 1, 2, 3:
		return g.httpRoute()
	case 4, 5:
		return g.grpcRoute()
	case 6:
		return g.grant()
	case 7, 8:
		return g.service()
	case 9:
		return g.slice()
	case 10:
		return &sluicev1alpha1.DirectResponse{ObjectMeta: g.meta("x", "y"), Spec: sluicev1alpha1.DirectResponseSpec{StatusCode: pick[int32](g, 200, 404, 503, 1)}}
	case 11, 12:
		return g.accessPolicy()
	case 13, 14:
		return g.keys()
	case 15:
		return g.inferenceService()
	default:
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: g.namespace(), Labels: map[string]string{"team": pick(g, "ml", "web")}}}
	}
}

func (g generator) meta(names ...string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace:         g.namespace(),
		Name:              pick(g, names...),
		Generation:        g.Int64N(3),
		CreationTimestamp: metav1.NewTime(time.Unix(g.Int64N(3), 0)),
	}
}

func (g generator) gateway() *gatewayv1.Gateway {
	gateway := &gatewayv1.Gateway{ObjectMeta: g.meta("gw", "gw2")}
	gateway.Namespace = "default"
	gateway.Spec.GatewayClassName = pick[gatewayv1.ObjectName](g, GatewayClass, GatewayClass, GatewayClass, "other")
	if g.chance(5) {
		gateway.Spec.Addresses = []gatewayv1.GatewaySpecAddress{{Value: "10.0.0.1"}}
	}
	gateway.Spec.Listeners = some(g, 3, func() gatewayv1.Listener {
		l := gatewayv1.Listener{
			Name:     pick[gatewayv1.SectionName](g, "one", "two", "three"),
			Port:     pick[gatewayv1.PortNumber](g, 8080, 8080, 8081, 0),
			Protocol: pick(g, gatewayv1.HTTPProtocolType, gatewayv1.HTTPProtocolType, gatewayv1.HTTPSProtocolType, gatewayv1.HTTPSProtocolType),
		}
		if l.Protocol == gatewayv1.HTTPSProtocolType {
			l.Port = pick[gatewayv1.PortNumber](g, 8443, 8443, 8080)
			l.TLS = &gatewayv1.ListenerTLSConfig{CertificateRefs: some(g, 2, func() gatewayv1.SecretObjectReference {
				ref := gatewayv1.SecretObjectReference{Name: pick[gatewayv1.ObjectName](g, "pair", "pair2", "keys")}
				if g.chance(30) {
					ref.Namespace = new(gatewayv1.Namespace(g.namespace()))
				}
				return ref
			})}
		}
		if g.chance(50) {
			l.Hostname = new(g.hostname())
		}
		if g.chance(80) {
			from := pick(g, gatewayv1.NamespacesFromAll, gatewayv1.NamespacesFromAll, gatewayv1.NamespacesFromSelector, gatewayv1.NamespacesFromSame)
			l.AllowedRoutes = &gatewayv1.AllowedRoutes{Namespaces: &gatewayv1.RouteNamespaces{From: &from, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "ml"}}}}
		}
		return l
	})
	return gateway
}

func (g generator) parents() []gatewayv1.ParentReference {
	return some(g, 2, func() gatewayv1.ParentReference {
		ref := gatewayv1.ParentReference{Name: pick[gatewayv1.ObjectName](g, "gw", "gw", "gw2"), Namespace: new(gatewayv1.Namespace("default"))}
		if g.chance(20) {
			ref.SectionName = new(pick[gatewayv1.SectionName](g, "one", "two"))
		}
		return ref
	})
}

func (g generator) backendRef() gatewayv1.BackendRef {
	ref := gatewayv1.BackendRef{BackendObjectReference: gatewayv1.BackendObjectReference{
		Name: pick[gatewayv1.ObjectName](g, "a", "b", "c"),
		Port: new(pick[gatewayv1.PortNumber](g, 80, 80, 81)),
	}}
	if g.chance(30) {
		ref.Namespace = new(gatewayv1.Namespace(g.namespace()))
	}
	if g.chance(30) {
		ref.Weight = new(pick[int32](g, 0, 1, 90, -1))
	}
	return ref
}

func (g generator) filter() gatewayv1.HTTPRouteFilter {
	switch g.IntN(5) {
	case 0:
		return gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterRequestMirror, RequestMirror: &gatewayv1.HTTPRequestMirrorFilter{BackendRef: g.backendRef().BackendObjectReference}}
	case 1:
		return gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterExtensionRef, ExtensionRef: &gatewayv1.LocalObjectReference{
			Group: gatewayv1.Group(sluicev1alpha1.GroupVersion.Group), Kind: sluicev1alpha1.KindDirectResponse, Name: pick[gatewayv1.ObjectName](g, "x", "y"),
		}}
	case 2:
		return gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterURLRewrite, URLRewrite: &gatewayv1.HTTPURLRewriteFilter{Hostname: new(gatewayv1.PreciseHostname("x"))}}
	case 3:
		return gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterCORS}
	default:
		return gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterRequestHeaderModifier, RequestHeaderModifier: &gatewayv1.HTTPHeaderFilter{Remove: []string{"x"}}}
	}
}

func (g generator) httpRoute() *gatewayv1.HTTPRoute {
	r := &gatewayv1.HTTPRoute{ObjectMeta: g.meta("r", "s", "t")}
	r.OwnerReferences = g.owners()
	r.Spec.ParentRefs = g.parents()
	r.Spec.Hostnames = some(g, 2, g.hostname)
	r.Spec.Rules = some(g, 2, func() gatewayv1.HTTPRouteRule {
		rule := gatewayv1.HTTPRouteRule{}
		if g.chance(20) {
			rule.Name = new(pick[gatewayv1.SectionName](g, "m.default", "n.models", "x"))
		}
		rule.Matches = some(g, 2, func() gatewayv1.HTTPRouteMatch {
			kind := pick(g, gatewayv1.PathMatchExact, gatewayv1.PathMatchPathPrefix, gatewayv1.PathMatchRegularExpression)
			return gatewayv1.HTTPRouteMatch{Path: &gatewayv1.HTTPPathMatch{Type: &kind, Value: new(pick(g, "/", "/a", "/a/b", "("))}}
		})
		rule.BackendRefs = some(g, 2, func() gatewayv1.HTTPBackendRef { return gatewayv1.HTTPBackendRef{BackendRef: g.backendRef()} })
		if g.chance(30) {
			rule.Filters = some(g, 2, g.filter)
		}
		return rule
	})
	return r
}

func (g generator) grpcRoute() *gatewayv1.GRPCRoute {
	r := &gatewayv1.GRPCRoute{ObjectMeta: g.meta("r", "s", "t")}
	r.Spec.ParentRefs = g.parents()
	r.Spec.Hostnames = some(g, 2, g.hostname)
	r.Spec.Rules = some(g, 2, func() gatewayv1.GRPCRouteRule {
		rule := gatewayv1.GRPCRouteRule{}
		rule.Matches = some(g, 2, func() gatewayv1.GRPCRouteMatch {
			return gatewayv1.GRPCRouteMatch{Method: &gatewayv1.GRPCMethodMatch{Service: new(pick(g, "", "s")), Method: new(pick(g, "", "m"))}}
		})
		rule.BackendRefs = some(g, 2, func() gatewayv1.GRPCBackendRef { return gatewayv1.GRPCBackendRef{BackendRef: g.backendRef()} })
		return rule
	})
	return r
}

func (g generator) grant() *gatewayv1.ReferenceGrant {
	return &gatewayv1.ReferenceGrant{ObjectMeta: g.meta("grant", "grant2"), Spec: gatewayv1.ReferenceGrantSpec{
		From: []gatewayv1.ReferenceGrantFrom{{Group: gatewayv1.GroupName, Kind: pick[gatewayv1.Kind](g, kindHTTPRoute, kindGRPCRoute, kindGateway), Namespace: gatewayv1.Namespace(g.namespace())}},
		To:   []gatewayv1.ReferenceGrantTo{{Kind: "Service"}, {Kind: "Secret"}},
	}}
}

func (g generator) service() *corev1.Service {
	s := &corev1.Service{ObjectMeta: g.meta("a", "b", "c")}
	s.OwnerReferences = g.owners()
	s.Labels = map[string]string{"app": pick(g, "x", "y")}
	if g.chance(50) {
		s.Spec.Selector = map[string]string{"app": pick(g, "x", "y")}
	}
	if g.chance(10) {
		s.Spec.Type = corev1.ServiceTypeExternalName
	}
	s.Spec.Ports = []corev1.ServicePort{{Name: pick(g, "http1", "h2c"), Port: 80}}
	if g.chance(50) {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "other", Port: 81, AppProtocol: new(pick(g, "https", "kubernetes.io/h2c"))})
	}
	return s
}

func (g generator) slice() *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{ObjectMeta: g.meta("s1", "s2", "s3"), AddressType: discoveryv1.AddressTypeIPv4}
	s.Labels = map[string]string{discoveryv1.LabelServiceName: pick(g, "a", "b", "c")}
	s.Ports = []discoveryv1.EndpointPort{{Name: new(pick(g, "http1", "h2c", "other")), Port: new(int32(8080))}}
	s.Endpoints = some(g, 3, func() discoveryv1.Endpoint {
		return discoveryv1.Endpoint{
			Addresses:  []string{fmt.Sprintf("10.0.0.%d", g.IntN(4))},
			Conditions: discoveryv1.EndpointConditions{Ready: new(g.chance(70)), Terminating: new(g.chance(20)), Serving: new(g.chance(70))},
		}
	})
	return s
}
