package standalone

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/controller/manifest"
)

// reasonNameTaken is why a service's object is not in force: another service's plan has one of that name.
const reasonNameTaken = "NameTaken"

// holdings say from which service each planned object is. The names of two services' children can meet: HTTPRoute
// iris-predictor is that of iris's predictor, and that of a service iris-predictor. The service that planned it first holds
// the name until it lets go; the others wait in their order.
type holdings map[objectKey][]holding

type holding struct {
	owner  types.NamespacedName
	object manifest.Object
}

// put notes an owner's object and says whether it is the one in force.
func (h holdings) put(owner types.NamespacedName, object manifest.Object) bool {
	key := keyOfObject(object)
	at := slices.IndexFunc(h[key], func(other holding) bool { return other.owner == owner })
	if at < 0 {
		h[key] = append(h[key], holding{})
		at = len(h[key]) - 1
	}
	h[key][at] = holding{owner, object}
	return at == 0
}

// drop lets an owner's object go, and says whether it was the one in force.
func (h holdings) drop(owner types.NamespacedName, key objectKey) bool {
	held := h.holds(owner, key)
	h[key] = slices.DeleteFunc(h[key], func(other holding) bool { return other.owner == owner })
	if len(h[key]) == 0 {
		delete(h, key)
	}
	return held
}

func (h holdings) holds(owner types.NamespacedName, key objectKey) bool {
	return len(h[key]) > 0 && h[key][0].owner == owner
}

// setPlanned puts a child of a service into force, unless another service holds its name.
func (r *routing) setPlanned(owner types.NamespacedName, object manifest.Object) {
	if r.holdings.put(owner, object) {
		r.set(planned, object)
	}
}

// deletePlanned takes a child of a service out of force. It gives the service that had waited for the name, if there is one.
func (r *routing) deletePlanned(owner types.NamespacedName, key objectKey) (next types.NamespacedName, any bool) {
	if !r.holdings.drop(owner, key) {
		return next, false
	}
	if len(r.holdings[key]) == 0 {
		r.delete(planned, key)
		return next, false
	}
	r.set(planned, r.holdings[key][0].object)
	return r.holdings[key][0].owner, true
}

// nameTaken is the status of a route whose name another service holds.
func (r *routing) nameTaken(key objectKey) gatewayv1.HTTPRouteStatus {
	return gatewayv1.HTTPRouteStatus{RouteStatus: gatewayv1.RouteStatus{Parents: []gatewayv1.RouteParentStatus{{Conditions: []metav1.Condition{{
		Type: string(gatewayv1.RouteConditionAccepted), Status: metav1.ConditionFalse, Reason: reasonNameTaken,
		Message: fmt.Sprintf("%s is already that of InferenceService %s: give one of the two services another name", key, r.holdings[key][0].owner),
	}}}}}}
}
