package plan

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// stopped plans a service with the stop annotation: no children but its revisions, so that it comes back as it was.
func (s *scene) stopped() Result {
	var all conditions
	stop := func(t v1beta1.ConditionType, severity v1alpha1.ConditionSeverity) {
		all.add(v1beta1.Condition{Type: t, Status: corev1.ConditionFalse, Severity: severity, Reason: v1beta1.ReasonStopped})
	}
	stop(v1beta1.ConditionPredictorReady, "")
	if s.service.Spec.Transformer != nil {
		stop(v1beta1.ConditionTransformerReady, v1beta1.SeverityInfo)
	}
	if s.service.Spec.Explainer != nil {
		stop(v1beta1.ConditionExplainerReady, v1beta1.SeverityInfo)
	}
	if len(s.service.Spec.Canary) > 0 {
		stop(v1beta1.ConditionCanaryPredictorReady, v1beta1.SeverityInfo)
	}
	stop(v1beta1.ConditionIngressReady, "")
	stop(v1beta1.ConditionReady, "")
	all.add(v1beta1.Condition{Type: v1beta1.ConditionStopped, Status: corev1.ConditionTrue, Severity: v1beta1.SeverityInfo})

	var r Result
	for _, stored := range s.Revisions {
		r.Revisions = append(r.Revisions, *stored.DeepCopy())
	}
	r.Status.ObservedGeneration = s.service.Generation
	r.Status.DeploymentMode = string(v1beta1.ModeStandard)
	r.Status.ServingRuntimeName = s.service.Status.ServingRuntimeName
	r.Status.ClusterServingRuntimeName = s.service.Status.ClusterServingRuntimeName
	r.Status.Conditions = all.list()
	r.sort()
	return r
}
