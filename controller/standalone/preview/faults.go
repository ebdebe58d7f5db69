package preview

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// Faults are what the stages could not do, a sentence each: the services' first, then those of Gateways and routes. Before
// any pod is ready every service says so, and that is no fault.
func (p Preview) Faults() []string {
	if p.notReady {
		return p.routeFaults()
	}
	return append(p.serviceFaults(), p.routeFaults()...)
}

// serviceFaults are the conditions that keep an InferenceService from being Ready.
func (p Preview) serviceFaults() []string {
	var faults []string
	for _, one := range p.Plans {
		for _, condition := range one.Result.Status.Conditions {
			if condition.Status != corev1.ConditionFalse || condition.Severity == v1beta1.SeverityInfo || condition.Type == v1beta1.ConditionReady {
				continue
			}
			faults = append(faults, fmt.Sprintf("InferenceService %s/%s: %s is False: %s: %s",
				one.Service.Namespace, one.Service.Name, condition.Type, condition.Reason, condition.Message))
		}
	}
	return faults
}

// routeFaults are the conditions by which translation refuses a Gateway or a route, or a part of it.
func (p Preview) routeFaults() []string {
	var faults []string
	for _, name := range sortedNames(p.Translated.Gateways) {
		faults = append(faults, refused("Gateway", name, p.Translated.Gateways[name].Conditions)...)
	}
	for _, name := range sortedNames(p.Translated.HTTPRoutes) {
		faults = append(faults, refusedByParents("HTTPRoute", name, p.Translated.HTTPRoutes[name].Parents)...)
	}
	for _, name := range sortedNames(p.Translated.GRPCRoutes) {
		faults = append(faults, refusedByParents("GRPCRoute", name, p.Translated.GRPCRoutes[name].Parents)...)
	}
	return append(faults, p.policyFaults()...)
}

// policyFaults are why access policies are not enforced.
func (p Preview) policyFaults() []string {
	var faults []string
	for object, status := range p.Translated.Policies {
		for _, ancestor := range status.Ancestors {
			faults = append(faults, refused(object.Kind, types.NamespacedName{Namespace: object.Namespace, Name: object.Name}, ancestor.Conditions)...)
		}
	}
	slices.Sort(faults)
	return faults
}

func sortedNames[T any](statuses map[types.NamespacedName]T) []types.NamespacedName {
	return slices.SortedFunc(maps.Keys(statuses), func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) })
}

func refusedByParents(kind string, name types.NamespacedName, parents []gatewayv1.RouteParentStatus) []string {
	var faults []string
	for _, parent := range parents {
		faults = append(faults, refused(kind, name, parent.Conditions)...)
	}
	return faults
}

func refused(kind string, name types.NamespacedName, conditions []metav1.Condition) []string {
	var faults []string
	for _, condition := range conditions {
		if condition.Status == metav1.ConditionFalse {
			faults = append(faults, fmt.Sprintf("%s %s: %s is False: %s: %s", kind, name, condition.Type, condition.Reason, condition.Message))
		}
	}
	return faults
}
