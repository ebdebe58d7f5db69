package translate

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func TestStatusesCarryTheObservedGeneration(t *testing.T) {
	t.Parallel()
	in := readObjects(t, "testdata/simple.in.yaml")
	in.Gateways[0].Generation, in.HTTPRoutes[0].Generation = 7, 9
	result := Translate(in)
	gateway := result.Gateways[types.NamespacedName{Namespace: "default", Name: "gw"}]
	for _, c := range append(gateway.Conditions, gateway.Listeners[0].Conditions...) {
		if c.ObservedGeneration != 7 {
			t.Errorf("Gateway condition %s has generation %d, want 7", c.Type, c.ObservedGeneration)
		}
	}
	parents := result.HTTPRoutes[types.NamespacedName{Namespace: "default", Name: "r"}].Parents
	if len(parents) != 1 || parents[0].ControllerName != "sluice.dev/gateway-controller" {
		t.Fatalf("parents = %+v, want one of our controller", parents)
	}
	for _, c := range parents[0].Conditions {
		if c.ObservedGeneration != 9 {
			t.Errorf("route condition %s has generation %d, want 9", c.Type, c.ObservedGeneration)
		}
	}
}
