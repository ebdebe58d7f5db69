package plan

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/rollout"
)

// reasonMinimum is a Deployment's reason while its replicas are still starting: no failure yet.
const reasonMinimum = "MinimumReplicasUnavailable"

// modelStatus says how far the model of a predictor or canary is loaded, as far as its Deployment's status tells.
func (s *scene) modelStatus(p *problem, carried *rollout.Carried, of part) v1beta1.ModelStatus {
	states := &v1beta1.ModelRevisionStates{TargetModelState: v1beta1.ModelPending}
	out := v1beta1.ModelStatus{
		TransitionStatus:    v1beta1.TransitionInProgress,
		ModelRevisionStates: states,
		ModelCopies:         &v1beta1.ModelCopies{},
	}
	if carried != nil && carried.Health.Available {
		states.ActiveModelState = v1beta1.ModelLoaded
		out.ModelCopies.TotalCopies = int(s.Deployments[carried.Revision.Deployment].AvailableReplicas)
	}
	if p != nil {
		states.TargetModelState = v1beta1.ModelFailedToLoad
		out.TransitionStatus = v1beta1.TransitionInvalidSpec
		if p.failure == v1beta1.FailureModelLoadFailed {
			out.TransitionStatus = v1beta1.TransitionBlockedByFailedLoad
		}
		out.LastFailureInfo = &v1beta1.FailureInfo{Reason: p.failure, Message: p.message}
		return out
	}
	if carried == nil {
		return out
	}
	c := s.deploymentCondition(v1beta1.Condition{}, *carried)
	switch {
	case carried.Role == rollout.Holder && carried.Revision.Name != of.decision.Latest:
		// The revision that serves is not the one that the spec asks for.
	case c.Status == corev1.ConditionTrue && carried.Health.Complete:
		states.TargetModelState = v1beta1.ModelLoaded
		out.TransitionStatus = v1beta1.TransitionUpToDate
	case c.Reason == ReasonModelDownload:
		states.TargetModelState = v1beta1.ModelLoading
	case c.Status == corev1.ConditionFalse && c.Reason == ReasonModelDownloadFailed:
		states.TargetModelState = v1beta1.ModelFailedToLoad
		out.TransitionStatus = v1beta1.TransitionBlockedByFailedLoad
		out.LastFailureInfo = &v1beta1.FailureInfo{
			Reason: v1beta1.FailureModelLoadFailed, Message: c.Message, ModelRevisionName: carried.Revision.Name,
		}
	case c.Status == corev1.ConditionFalse && c.Reason != reasonMinimum:
		states.TargetModelState = v1beta1.ModelFailedToLoad
		out.TransitionStatus = v1beta1.TransitionBlockedByFailedLoad
		out.LastFailureInfo = &v1beta1.FailureInfo{
			Reason: v1beta1.FailureRuntimeUnhealthy, Message: c.Message, ModelRevisionName: carried.Revision.Name,
		}
	}
	return out
}

// canaryStatuses are in the spec's order.
func (s *scene) canaryStatuses(p part) []v1beta1.CanaryStatus {
	var out []v1beta1.CanaryStatus
	for _, entry := range p.canaries {
		carried := carriedCanary(p, entry.name)
		out = append(out, v1beta1.CanaryStatus{
			Name:           entry.name,
			Ready:          carried != nil && carried.Routed,
			TrafficPercent: entry.percent,
			ModelStatus:    s.modelStatus(entry.rendered.problem, carried, p),
		})
	}
	return out
}
