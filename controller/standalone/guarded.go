package standalone

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/explain"
	"github.com/sluice-serving/sluice/xds/ir"
)

// reasonClosed is why a service is not ready that is served and lets nobody in.
const reasonClosed = "AccessPolicyNotEnforced"

// guardFacts are what is known of who may call a service. The zero value is a service that everyone may call.
type guardFacts struct {
	// policy is the AccessPolicy, or the InferenceService with the annotation, that decides.
	policy ir.Ref
	// closed says why the policy can't be enforced, so that nobody is let in; "" if it is enforced.
	closed string
}

// guardOf gives what is known of a service's guard.
func (l *loop) guardOf(name types.NamespacedName) guardFacts {
	policy, enforced, guarded := l.routing.translator.GuardOf(name, types.NamespacedName(l.driver.settings.Ingress.Gateway))
	if !guarded {
		return guardFacts{}
	}
	facts := guardFacts{policy: policy}
	if enforced {
		return facts
	}
	facts.closed = "nobody is let in"
	for _, ancestor := range l.routing.policies[policy].Ancestors {
		for _, c := range ancestor.Conditions {
			if c.Status == metav1.ConditionFalse {
				facts.closed = c.Message
			}
		}
	}
	if document, known := l.inventory.get(objectKey{policy.Kind, policy.Namespace, policy.Name}); known && document.Refused {
		facts.closed = "nobody is let in: it has a fault, see sluice get problems"
	}
	return facts
}

// noteGuards has the services shown anew whose guard is another than before.
func (l *loop) noteGuards() {
	if l.guardsSeen == l.routing.policyChanges {
		return
	}
	l.guardsSeen = l.routing.policyChanges
	for name, s := range l.services {
		if l.guardOf(name) != s.guard {
			l.unseen[name] = true
		}
	}
}

// close says of a service that would be ready that nobody is let in.
func (g guardFacts) close(shown *admin.Service) {
	if g.closed == "" || !shown.Ready {
		return
	}
	shown.Ready, shown.Reason, shown.Message = false, reasonClosed, fmt.Sprintf("%s: %s", g.policy, g.closed)
	for i := range shown.Conditions {
		if c := &shown.Conditions[i]; c.Type == string(v1beta1.ConditionReady) {
			c.Status, c.Reason, c.Message = string(corev1.ConditionFalse), shown.Reason, shown.Message
		}
	}
}

// explainAccess reports who may call.
func explainAccess(f layerFacts) []explain.Finding {
	switch {
	case f.guard == guardFacts{}:
		return nil
	case f.guard.closed == "":
		return []explain.Finding{{OK: true, Summary: fmt.Sprintf("callers show what %s asks for", f.guard.policy)}}
	}
	_, why, _ := strings.Cut(f.guard.closed, ": ")
	return []explain.Finding{{
		Summary: fmt.Sprintf("closed by %s: nobody is let in, since it can't be enforced", f.guard.policy),
		Detail:  why,
		Remedy:  "mend the policy or what it refers to; sluice get problems names file and line",
	}}
}
