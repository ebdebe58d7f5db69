package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/rollout"
)

// status says what became of the service.
func (s *scene) status(parts []part, routes routing) v1beta1.InferenceServiceStatus {
	status := v1beta1.InferenceServiceStatus{DeploymentMode: string(v1beta1.ModeStandard)}
	status.ObservedGeneration = s.service.Generation
	var all conditions
	for _, p := range parts {
		c := s.componentCondition(p)
		all.add(c)
		s.rolloutConditions(&all, p)
		if status.Components == nil {
			status.Components = map[v1beta1.ComponentType]v1beta1.ComponentStatusSpec{}
		}
		status.Components[p.kind] = s.componentStatus(p, c)
	}
	all.add(s.ingressCondition(parts, routes))
	all.add(ready(all))
	all.add(v1beta1.Condition{Type: v1beta1.ConditionStopped, Status: corev1.ConditionFalse, Severity: v1beta1.SeverityInfo})
	if c, any := notAppliedCondition(parts); any {
		all.add(c)
	}
	status.Conditions = all.list()

	predictor := parts[0]
	status.ModelStatus = s.modelStatus(predictor.stable.problem, holder(predictor), predictor)
	status.CanaryStatuses = s.canaryStatuses(predictor)
	if choice := predictor.stable.runtime; choice.Cluster {
		status.ClusterServingRuntimeName = choice.Name
	} else {
		status.ServingRuntimeName = choice.Name
	}
	s.addresses(&status, parts)
	return status
}

// ready is PredictorReady and IngressReady.
func ready(all conditions) v1beta1.Condition {
	out := v1beta1.Condition{Type: v1beta1.ConditionReady, Status: corev1.ConditionTrue}
	for _, t := range []v1beta1.ConditionType{v1beta1.ConditionIngressReady, v1beta1.ConditionPredictorReady} {
		c := all.get(t)
		worse := c.Status == corev1.ConditionFalse || (c.Status != corev1.ConditionTrue && out.Status == corev1.ConditionTrue)
		if worse {
			out.Status, out.Reason, out.Message = c.Status, c.Reason, c.Message
		}
	}
	return out
}

// rolloutConditions say why a canary or the latest revision doesn't have its share.
func (s *scene) rolloutConditions(all *conditions, p part) {
	if p.kind == v1beta1.PredictorComponent && len(p.canaries) > 0 {
		all.add(s.canaryCondition(p))
	}
	latest := slices.IndexFunc(p.decision.Carried, func(c rollout.Carried) bool { return c.Revision.Name == p.decision.Latest })
	if latest < 0 || p.decision.Latest == p.decision.LastRolledOut || p.decision.LastRolledOut == "" || p.kind != v1beta1.PredictorComponent {
		return
	}
	carried := p.decision.Carried[latest]
	c := s.deploymentCondition(v1beta1.Condition{Type: v1beta1.ConditionLatestDeploymentReady, Severity: v1beta1.SeverityInfo}, carried)
	if carried.Role == rollout.Holder && !carried.Health.Complete && c.Status == corev1.ConditionTrue {
		c.Status, c.Reason = corev1.ConditionUnknown, ReasonRollingOut
		c.Message = fmt.Sprintf("replicas of %s serve until its own are ready", cmp.Or(carried.Revision.Replaces, "the revision before"))
		if why := s.progress(carried.Revision.Deployment); why != "" {
			c.Message += ": " + why
		}
	}
	if c.Message != "" {
		c.Message = "revision " + carried.Revision.Name + ": " + c.Message
	}
	all.add(c)
}

// progress is what a Deployment says of its rolling update.
func (s *scene) progress(deployment string) string {
	for _, c := range s.Deployments[deployment].Conditions {
		if c.Type == appsv1.DeploymentProgressing {
			return c.Message
		}
	}
	return ""
}

// canaryCondition is True when every canary has its share.
func (s *scene) canaryCondition(p part) v1beta1.Condition {
	out := v1beta1.Condition{
		Type: v1beta1.ConditionCanaryPredictorReady, Severity: v1beta1.SeverityInfo,
		Status: corev1.ConditionTrue, Reason: "AllCanariesReady",
	}
	var waiting []string
	for _, entry := range p.canaries {
		c := s.canaryState(p, entry)
		if c.Status != corev1.ConditionTrue {
			waiting = append(waiting, fmt.Sprintf("canary %s: %s: %s", entry.name, c.Reason, c.Message))
		}
	}
	if len(waiting) > 0 {
		out.Status, out.Reason, out.Message = corev1.ConditionFalse, "CanariesNotReady", strings.Join(waiting, "; ")
	}
	return out
}

func (s *scene) canaryState(p part, entry canary) v1beta1.Condition {
	if problem := entry.rendered.problem; problem != nil {
		return v1beta1.Condition{Status: corev1.ConditionFalse, Reason: problem.reason, Message: problem.message}
	}
	carried := carriedCanary(p, entry.name)
	if carried == nil {
		return v1beta1.Condition{Status: corev1.ConditionUnknown, Reason: ReasonStarting, Message: "it waits for the stable predictor's spec to be served"}
	}
	return s.deploymentCondition(v1beta1.Condition{}, *carried)
}

func carriedCanary(p part, track string) *rollout.Carried {
	for _, carried := range p.decision.Carried {
		if carried.Role == rollout.Canary && carried.Revision.Track == track {
			return &carried
		}
	}
	return nil
}

func holder(p part) *rollout.Carried {
	if len(p.decision.Carried) == 0 {
		return nil
	}
	return &p.decision.Carried[0]
}

// ingressCondition says whether the routes lead where they should.
func (s *scene) ingressCondition(parts []part, routes routing) v1beta1.Condition {
	c := v1beta1.Condition{Type: v1beta1.ConditionIngressReady, Status: corev1.ConditionTrue}
	fail := func(reason, message string) v1beta1.Condition {
		c.Status, c.Reason, c.Message = corev1.ConditionFalse, reason, message
		return c
	}
	if routes.skipped {
		return c
	}
	if routes.problem != nil {
		return fail(routes.problem.reason, routes.problem.message)
	}
	for _, p := range parts {
		if !p.serves() {
			why := s.componentCondition(p)
			return fail(title(p.kind)+" Deployment NotReady", why.Reason+": "+why.Message)
		}
	}
	for _, p := range parts {
		if reason, message := s.routeState(s.name(p.kind), title(p.kind)); reason != "" {
			return fail(reason, message)
		}
	}
	if reason, message := s.routeState(s.service.Name, "TopLevel"); reason != "" {
		return fail(reason, message)
	}
	return c
}

// routeState gives what keeps a route from being programmed, or nothing.
func (s *scene) routeState(name, spelled string) (reason, message string) {
	parents := s.Routes[name].Parents
	if len(parents) == 0 {
		return "ParentStatusNotAvailable", spelled + " HttpRouteNotReady"
	}
	for _, parent := range parents {
		for _, c := range parent.Conditions {
			if c.Status == "False" {
				return c.Reason, spelled + " " + c.Message
			}
		}
	}
	return "", ""
}

// notAppliedCondition lists what the spec says and nothing was made of.
func notAppliedCondition(parts []part) (v1beta1.Condition, bool) {
	var fields []string
	for _, p := range parts {
		fields = append(fields, p.stable.notApplied...)
		for _, entry := range p.canaries {
			fields = append(fields, entry.rendered.notApplied...)
		}
	}
	if len(fields) == 0 {
		return v1beta1.Condition{}, false
	}
	slices.Sort(fields)
	return v1beta1.Condition{
		Type:     ConditionSpecApplied,
		Status:   corev1.ConditionFalse,
		Severity: v1beta1.SeverityInfo,
		Reason:   ReasonNotApplied,
		Message:  "without effect: " + strings.Join(slices.Compact(fields), "; "),
	}, true
}
