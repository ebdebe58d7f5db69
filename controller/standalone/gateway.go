package standalone

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// gatewayClass is the class whose Gateways Sluice serves.
const gatewayClass = "sluice"

// newGateway gives the Gateway that all planned routes attach to: one HTTP listener, open to every namespace.
func newGateway(name types.NamespacedName, port uint16) *gatewayv1.Gateway {
	all := gatewayv1.NamespacesFromAll
	return &gatewayv1.Gateway{
		TypeMeta:   metav1.TypeMeta{APIVersion: gatewayv1.GroupVersion.String(), Kind: "Gateway"},
		ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name},
		Spec: gatewayv1.GatewaySpec{
			GatewayClassName: gatewayClass,
			Listeners: []gatewayv1.Listener{{
				Name:          "http",
				Port:          gatewayv1.PortNumber(port),
				Protocol:      gatewayv1.HTTPProtocolType,
				AllowedRoutes: &gatewayv1.AllowedRoutes{Namespaces: &gatewayv1.RouteNamespaces{From: &all}},
			}},
		},
	}
}
