package translate

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/xds/ir"
)

// GuardOf gives the policy that decides who may call an InferenceService: that of its namespace where a policy does not say
// what it is about, its own, or its Gateway's. enforced is false where nobody is let in, and ok where there is none.
func (t *Translator) GuardOf(service, gateway types.NamespacedName) (policy ir.Ref, enforced, ok bool) {
	for _, target := range []targetKey{namespaceTarget(""), namespaceTarget(service.Namespace), {kindService, service}, {kindGateway, gateway}} {
		if g := t.guards.byTarget[target]; g != nil {
			return g.policy, g.access != nil, true
		}
	}
	return ir.Ref{}, false, false
}
