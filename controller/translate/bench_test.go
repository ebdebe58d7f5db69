package translate

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// BenchmarkOneChange changes one service among many: its cost must not grow with their number.
func BenchmarkOneChange(b *testing.B) {
	for _, services := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("route/services=%d", services), func(b *testing.B) {
			translator := fill(services)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				route := benchRoute(services / 2)
				route.Spec.Rules[0].Filters = []gatewayv1.HTTPRouteFilter{{
					Type:                  gatewayv1.HTTPRouteFilterRequestHeaderModifier,
					RequestHeaderModifier: &gatewayv1.HTTPHeaderFilter{Set: []gatewayv1.HTTPHeader{{Name: "x-step", Value: fmt.Sprint(i)}}},
				}}
				translator.Set(route)
				if change := translator.Flush(); len(change.Hosts) != 1 || len(change.Backends) != 0 {
					b.Fatalf("%d hosts and %d backends changed, want 1 and 0", len(change.Hosts), len(change.Backends))
				}
			}
		})
		b.Run(fmt.Sprintf("endpoints/services=%d", services), func(b *testing.B) {
			translator := fill(services)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				translator.Set(benchSlice(services/2, int32(20_000+i%2)))
				if change := translator.Flush(); len(change.Hosts) != 0 || len(change.Backends) != 1 {
					b.Fatalf("%d hosts and %d backends changed, want 0 and 1", len(change.Hosts), len(change.Backends))
				}
			}
		})
	}
}

// BenchmarkTranslate gives the cost of everything at once, for comparison.
func BenchmarkTranslate(b *testing.B) {
	in := Objects{Gateways: []gatewayv1.Gateway{*benchGateway()}}
	for i := range 10_000 {
		in.Services = append(in.Services, *benchService(i))
		in.EndpointSlices = append(in.EndpointSlices, *benchSlice(i, 8080))
		in.HTTPRoutes = append(in.HTTPRoutes, *benchRoute(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		Translate(in)
	}
}

func fill(services int) *Translator {
	translator := NewTranslator("127.0.0.1")
	translator.Set(benchGateway())
	for i := range services {
		translator.Set(benchService(i))
		translator.Set(benchSlice(i, 8080))
		translator.Set(benchRoute(i))
	}
	translator.Flush()
	return translator
}

func benchGateway() *gatewayv1.Gateway {
	return &gatewayv1.Gateway{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "gw"},
		Spec: gatewayv1.GatewaySpec{
			GatewayClassName: GatewayClass,
			Listeners:        []gatewayv1.Listener{{Name: "http", Port: 8080, Protocol: gatewayv1.HTTPProtocolType}},
		},
	}
}

func benchMeta(i int) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("m%d-predictor", i)}
}

func benchService(i int) *corev1.Service {
	return &corev1.Service{ObjectMeta: benchMeta(i), Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http1", Port: 80}}}}
}

func benchSlice(i int, port int32) *discoveryv1.EndpointSlice {
	meta := benchMeta(i)
	meta.Labels = map[string]string{discoveryv1.LabelServiceName: meta.Name}
	return &discoveryv1.EndpointSlice{
		ObjectMeta:  meta,
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("http1"), Port: new(port)}},
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{"127.0.0.1"}}},
	}
}

func benchRoute(i int) *gatewayv1.HTTPRoute {
	kind, all := gatewayv1.PathMatchRegularExpression, "^/.*$"
	meta := benchMeta(i)
	return &gatewayv1.HTTPRoute{ObjectMeta: meta, Spec: gatewayv1.HTTPRouteSpec{
		CommonRouteSpec: gatewayv1.CommonRouteSpec{ParentRefs: []gatewayv1.ParentReference{{Name: "gw"}}},
		Hostnames:       []gatewayv1.Hostname{gatewayv1.Hostname(fmt.Sprintf("m%d-default.example.com", i))},
		Rules: []gatewayv1.HTTPRouteRule{{
			Matches: []gatewayv1.HTTPRouteMatch{{Path: &gatewayv1.HTTPPathMatch{Type: &kind, Value: &all}}},
			BackendRefs: []gatewayv1.HTTPBackendRef{{BackendRef: gatewayv1.BackendRef{BackendObjectReference: gatewayv1.BackendObjectReference{
				Name: gatewayv1.ObjectName(meta.Name), Port: new(gatewayv1.PortNumber(80)),
			}}}},
		}},
	}}
}
