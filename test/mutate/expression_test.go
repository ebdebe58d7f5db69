package mutate

import (
	"testing"

	"google.golang.org/protobuf/types/known/structpb"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/controller/translate"
	"github.com/sluice-serving/sluice/xds/ir"
	"github.com/sluice-serving/sluice/xds/proxy"
)

// routeOf gives a route whose one match is an expression.
func routeOf(expression string) translate.Objects {
	route := gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "kserve", Name: "r"}}
	route.Spec.ParentRefs = []gatewayv1.ParentReference{{Name: "g"}}
	route.Spec.Rules = []gatewayv1.HTTPRouteRule{{
		Matches: []gatewayv1.HTTPRouteMatch{{Path: &gatewayv1.HTTPPathMatch{Type: new(gatewayv1.PathMatchRegularExpression), Value: &expression}}},
		BackendRefs: []gatewayv1.HTTPBackendRef{{BackendRef: gatewayv1.BackendRef{BackendObjectReference: gatewayv1.BackendObjectReference{
			Name: "s", Port: new(gatewayv1.PortNumber(80)),
		}}}},
	}}
	return translate.Objects{
		Gateways:   []gatewayv1.Gateway{standalone.Gateway(types.NamespacedName{Namespace: "kserve", Name: "g"}, 8080)},
		HTTPRoutes: []gatewayv1.HTTPRoute{route},
		Services: []corev1.Service{{
			ObjectMeta: metav1.ObjectMeta{Namespace: "kserve", Name: "s"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
		}},
	}
}

// Translation refuses what is too large for Envoy, which has to be told the same bound.
func TestEnvoyIsToldTranslationsBound(t *testing.T) {
	t.Parallel()
	bootstrap, err := proxy.Bootstrap(proxy.Options{XDSSocket: "xds.sock", Dir: "/"})
	if err != nil {
		t.Fatal(err)
	}
	for _, layer := range bootstrap.GetLayeredRuntime().GetLayers() {
		var value *structpb.Value
		if value = layer.GetStaticLayer().GetFields()["re2.max_program_size.error_level"]; value.GetNumberValue() == ir.MaxRegexProgram {
			return
		}
	}
	t.Errorf("the bootstrap does not bound expressions to %d", ir.MaxRegexProgram)
}
