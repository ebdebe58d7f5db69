package standalone

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/xds/ir"
)

// takePolicy notes a policy's status, nil for one that has gone. What is known of its targets, before and after, has changed
// too.
func (r *routing) takePolicy(policy ir.Ref, status *gatewayv1.PolicyStatus) {
	r.policyChanges++
	for _, target := range targetsOf(policy, r.policies[policy]) {
		note(r.policiesOf, target, policy, false)
		r.news[target] = true
	}
	delete(r.policies, policy)
	if status != nil {
		r.policies[policy] = *status
		for _, target := range targetsOf(policy, *status) {
			note(r.policiesOf, target, policy, true)
			r.news[target] = true
		}
	}
	r.noteObject(policy)
}

// targetsOf are the objects that a policy's status speaks of.
func targetsOf(policy ir.Ref, status gatewayv1.PolicyStatus) []objectKey {
	var targets []objectKey
	for _, ancestor := range status.Ancestors {
		targets = append(targets, targetKeyOf(policy, ancestor.AncestorRef))
	}
	return targets
}

func targetKeyOf(policy ir.Ref, ref gatewayv1.ParentReference) objectKey {
	key := objectKey{namespace: policy.Namespace, name: string(ref.Name)}
	if ref.Kind != nil {
		key.kind = string(*ref.Kind)
	}
	return key
}

// showPolicies gives all policies, sorted by namespace and name.
func (l *loop) showPolicies() []admin.Policy {
	all := []admin.Policy{}
	for _, object := range slices.SortedFunc(maps.Keys(l.routing.policies), func(a, b ir.Ref) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	}) {
		document, _ := l.inventory.get(objectKey{object.Kind, object.Namespace, object.Name})
		shown := admin.Policy{
			Kind: object.Kind, Namespace: object.Namespace, Name: object.Name, File: document.Source.File, Line: document.Source.Line,
		}
		for _, ancestor := range l.routing.policies[object].Ancestors {
			target := admin.PolicyTarget{Target: targetKeyOf(object, ancestor.AncestorRef).String(), Accepted: true}
			for _, c := range ancestor.Conditions {
				if c.Status != metav1.ConditionTrue {
					target.Accepted, target.Reason, target.Message = false, c.Reason, c.Message
				}
			}
			if document.Refused {
				target.Message = "nobody is let in: it has a fault, see sluice get problems"
			}
			shown.Targets = append(shown.Targets, target)
		}
		all = append(all, shown)
	}
	return all
}

// closedBy says of a route or a Gateway which policies close it because they can't be enforced, and why. An InferenceService
// says so in its status.
func (l *loop) closedBy(key objectKey) []string {
	var closed []string
	for policy := range l.routing.policiesOf[key] {
		for _, ancestor := range l.routing.policies[policy].Ancestors {
			if targetKeyOf(policy, ancestor.AncestorRef) != key {
				continue
			}
			for _, c := range ancestor.Conditions {
				if c.Status == metav1.ConditionFalse && c.Reason == string(gatewayv1.PolicyReasonInvalid) {
					closed = append(closed, fmt.Sprintf("closed by %s, which can't be enforced: %s", policy, c.Message))
				}
			}
		}
	}
	slices.SortFunc(closed, strings.Compare)
	return closed
}

// notePolicyPlace has the policies shown anew if one stands elsewhere now.
func (l *loop) notePolicyPlace(key objectKey) {
	if key.kind == sluicev1alpha1.KindAccessPolicy {
		l.policiesShown = -1
	}
}

// Policies gives the access policies, and what became of each at its targets.
func (d *Driver) Policies() []admin.Policy { return d.shelf.accessPolicies() }
