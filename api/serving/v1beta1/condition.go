package v1beta1

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
)

// ConditionType names one aspect of a service's state.
type ConditionType = v1alpha1.ConditionType

// Condition is one aspect of a service's state.
type Condition = v1alpha1.Condition

// SeverityInfo marks a condition that Ready does not depend on.
const SeverityInfo = v1alpha1.SeverityInfo

// The conditions of an InferenceService. Ready is PredictorReady and IngressReady; TransformerReady,
// ExplainerReady, CanaryPredictorReady and Stopped do not count for it.
const (
	ConditionReady                = v1alpha1.ConditionReady
	ConditionPredictorReady       = ConditionType("PredictorReady")
	ConditionTransformerReady     = ConditionType("TransformerReady")
	ConditionExplainerReady       = ConditionType("ExplainerReady")
	ConditionIngressReady         = ConditionType("IngressReady")
	ConditionCanaryPredictorReady = ConditionType("CanaryPredictorReady")
	ConditionStopped              = ConditionType("Stopped")

	// The following are Knative's, kept for the programs that read them.

	ConditionPredictorRouteReady           = ConditionType("PredictorRouteReady")
	ConditionTransformerRouteReady         = ConditionType("TransformerRouteReady")
	ConditionExplainerRoutesReady          = ConditionType("ExplainerRoutesReady")
	ConditionPredictorConfigurationReady   = ConditionType("PredictorConfigurationReady")
	ConditionTransformerConfigurationReady = ConditionType("TransformerConfigurationReady")
	ConditionExplainerConfigurationReady   = ConditionType("ExplainerConfigurationReady")
	ConditionRoutesReady                   = ConditionType("RoutesReady")
	ConditionLatestDeploymentReady         = ConditionType("LatestDeploymentReady")
)

// ReasonStopped is the reason of the conditions of a service with the stop annotation.
const ReasonStopped = "Stopped"

// Condition gives the condition of a type, or nil if there is none. The result points into the status.
func (s *InferenceServiceStatus) Condition(t ConditionType) *Condition {
	for i := range s.Conditions {
		if s.Conditions[i].Type == t {
			return &s.Conditions[i]
		}
	}
	return nil
}

// SetCondition puts a condition in the place of the one of its type, and keeps the list sorted by type. The
// transition time stays the old one where the status is the old one, and is now where it is not.
func (s *InferenceServiceStatus) SetCondition(c Condition, now metav1.Time) {
	c.LastTransitionTime = now
	i, found := slices.BinarySearchFunc(s.Conditions, c.Type, func(have Condition, t ConditionType) int {
		return strings.Compare(string(have.Type), string(t))
	})
	if !found {
		s.Conditions = slices.Insert(s.Conditions, i, c)
		return
	}
	if s.Conditions[i].Status == c.Status {
		c.LastTransitionTime = s.Conditions[i].LastTransitionTime
	}
	s.Conditions[i] = c
}

// IsReady says whether the service as a whole serves.
func (s *InferenceServiceStatus) IsReady() bool {
	c := s.Condition(ConditionReady)
	return c != nil && c.Status == corev1.ConditionTrue
}
