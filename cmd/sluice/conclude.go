package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/cmd/sluice/print"
)

// conclude writes to standard error what the stages could not do, one a line. wrong says that something was wrong before
// them. Before any pod is ready every service says so, and that is no fault.
func (o *previewOptions) conclude(cmd *cobra.Command, shown preview, wrong bool) error {
	faults := shown.routeFaults()
	if !o.notReady {
		faults = append(shown.serviceFaults(), faults...)
	}
	for _, fault := range faults {
		if _, err := io.WriteString(cmd.ErrOrStderr(), print.Clean(fault)+"\n"); err != nil {
			return err
		}
	}
	if wrong || len(faults) > 0 {
		return wrongError{}
	}
	return nil
}

// serviceFaults are the conditions that keep an InferenceService from being Ready.
func (p preview) serviceFaults() []string {
	var faults []string
	for _, one := range p.plans {
		for _, condition := range one.result.Status.Conditions {
			if condition.Status != corev1.ConditionFalse || condition.Severity == v1beta1.SeverityInfo || condition.Type == v1beta1.ConditionReady {
				continue
			}
			faults = append(faults, fmt.Sprintf("InferenceService %s/%s: %s is False: %s: %s",
				one.input.Service.Namespace, one.input.Service.Name, condition.Type, condition.Reason, condition.Message))
		}
	}
	return faults
}

// routeFaults are the conditions by which translation refuses a Gateway or a route, or a part of it.
func (p preview) routeFaults() []string {
	var faults []string
	for _, name := range sortedNames(p.translated.Gateways) {
		faults = append(faults, refused("Gateway", name, p.translated.Gateways[name].Conditions)...)
	}
	for _, name := range sortedNames(p.translated.HTTPRoutes) {
		faults = append(faults, refusedByParents("HTTPRoute", name, p.translated.HTTPRoutes[name].Parents)...)
	}
	for _, name := range sortedNames(p.translated.GRPCRoutes) {
		faults = append(faults, refusedByParents("GRPCRoute", name, p.translated.GRPCRoutes[name].Parents)...)
	}
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
