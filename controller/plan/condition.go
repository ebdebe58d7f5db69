package plan

import (
	"cmp"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/rollout"
)

// ConditionSpecApplied is False when something in the spec has no effect; its message lists what and why. It is absent otherwise.
const ConditionSpecApplied v1beta1.ConditionType = "SpecApplied"

// Reasons of our own conditions.
const (
	// ReasonStarting: the Deployment has not been observed yet.
	ReasonStarting = "Starting"
	// ReasonNotApplied: fields of the spec have no effect.
	ReasonNotApplied = "FieldsNotApplied"
	// ReasonRollingOut: the newest revision doesn't have all the traffic that the spec gives it yet.
	ReasonRollingOut = "RollingOut"
)

// conditions collects a status' conditions; list gives them sorted by type.
type conditions []v1beta1.Condition

func (c *conditions) add(condition v1beta1.Condition) { *c = append(*c, condition) }

func (c *conditions) list() []v1beta1.Condition {
	slices.SortFunc(*c, func(a, b v1beta1.Condition) int { return cmp.Compare(a.Type, b.Type) })
	return *c
}

func (c *conditions) get(t v1beta1.ConditionType) v1beta1.Condition {
	for _, have := range *c {
		if have.Type == t {
			return have
		}
	}
	return v1beta1.Condition{Type: t, Status: corev1.ConditionUnknown}
}

func conditionType(kind v1beta1.ComponentType) v1beta1.ConditionType {
	switch kind {
	case v1beta1.TransformerComponent:
		return v1beta1.ConditionTransformerReady
	case v1beta1.ExplainerComponent:
		return v1beta1.ConditionExplainerReady
	}
	return v1beta1.ConditionPredictorReady
}

// componentCondition says whether a component's spec is served: by the Deployment that holds the traffic, unless the spec
// can't be planned, in which case what ran before goes on and the condition says so.
func (s *scene) componentCondition(p part) v1beta1.Condition {
	c := v1beta1.Condition{Type: conditionType(p.kind), Status: corev1.ConditionUnknown}
	if p.kind != v1beta1.PredictorComponent {
		c.Severity = v1beta1.SeverityInfo
	}
	if problem := p.stable.problem; problem != nil {
		c.Status, c.Reason, c.Message = corev1.ConditionFalse, problem.reason, problem.message
		if p.serves() {
			c.Message += fmt.Sprintf("; revision %s goes on serving", p.decision.Carried[0].Revision.Name)
		}
		return c
	}
	if len(p.decision.Carried) == 0 {
		c.Reason = ReasonStarting
		return c
	}
	return s.deploymentCondition(c, p.decision.Carried[0])
}

// deploymentCondition reads a condition from a Deployment's status.
func (s *scene) deploymentCondition(c v1beta1.Condition, carried rollout.Carried) v1beta1.Condition {
	name := carried.Revision.Deployment
	status, found := s.Deployments[name]
	if !found {
		c.Reason, c.Message = ReasonStarting, fmt.Sprintf("Deployment %s is being started", name)
		return c
	}
	c.Status = corev1.ConditionUnknown
	if carried.Health.Available {
		c.Status = corev1.ConditionTrue
	}
	observed := map[appsv1.DeploymentConditionType]appsv1.DeploymentCondition{}
	for _, have := range status.Conditions {
		observed[have.Type] = have
	}
	available, progressing := observed[appsv1.DeploymentAvailable], observed[appsv1.DeploymentProgressing]
	take := func(status corev1.ConditionStatus, from appsv1.DeploymentCondition) {
		c.Status, c.Reason, c.Message = status, from.Reason, from.Message
	}
	// The order is KServe's: what comes later speaks louder.
	if available.Status == corev1.ConditionTrue {
		take(corev1.ConditionTrue, available)
	}
	switch {
	case progressing.Status == corev1.ConditionFalse && progressing.Message != "":
		take(corev1.ConditionFalse, progressing)
	case progressing.Status == corev1.ConditionTrue && progressing.Reason == "NewReplicaSetAvailable":
		take(corev1.ConditionTrue, progressing)
		c.Message = ""
	case progressing.Status == corev1.ConditionTrue && available.Status != corev1.ConditionTrue:
		take(corev1.ConditionUnknown, progressing)
	}
	if available.Status == corev1.ConditionFalse {
		take(corev1.ConditionFalse, available)
	}
	if failure := observed[appsv1.DeploymentReplicaFailure]; failure.Status == corev1.ConditionTrue {
		take(corev1.ConditionFalse, failure)
	}
	if c.Status != corev1.ConditionTrue && c.Reason == "" {
		c.Reason = ReasonStarting
	}
	if c.Status != corev1.ConditionTrue && c.Message == "" {
		c.Message = fmt.Sprintf("Deployment %s has no replica that is ready yet", name)
	}
	return c
}
