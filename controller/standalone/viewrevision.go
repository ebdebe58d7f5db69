package standalone

import (
	"fmt"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/plan"
)

// showRevisions gives the revisions that run, oldest first.
func showRevisions(s *service) []admin.Revision {
	var shown []admin.Revision
	for i := range s.revisions {
		stored := &s.revisions[i]
		if stored.Annotations[plan.AnnotationLive] != "true" {
			continue
		}
		shown = append(shown, showRevision(s, stored))
	}
	wantShares(s, shown)
	return splitUpdates(s, shown)
}

// splitUpdates shows both sides of each rolling update: the revision whose replicas go on serving, with the share of the
// traffic, and the one that replaces it, which is not ready before all replicas are its own.
func splitUpdates(s *service, shown []admin.Revision) []admin.Revision {
	replaces := map[string]string{}
	for i := range s.revisions {
		replaces[s.revisions[i].Name] = s.revisions[i].Annotations[plan.AnnotationReplaces]
	}
	var split []admin.Revision
	for _, next := range shown {
		old := next
		if old.Name = replaces[next.Name]; old.Name == "" {
			split = append(split, next)
			continue
		}
		old.WantedPercent, old.Reason, old.Message = 0, "", ""
		old.Replicas = max(next.Replicas-s.observed[next.Deployment].UpdatedReplicas, 0)
		// The Deployment doesn't say whose replicas are ready; the old ones were and the new ones may not be.
		old.ReadyReplicas = min(next.ReadyReplicas, old.Replicas)
		next.TrafficPercent, next.Ready = 0, false
		next.Replicas, next.ReadyReplicas = next.Replicas-old.Replicas, next.ReadyReplicas-old.ReadyReplicas
		split = append(split, old, next)
	}
	return split
}

func showRevision(s *service, stored *appsv1.ControllerRevision) admin.Revision {
	deployment := stored.Annotations[plan.AnnotationDeployment]
	observed := s.observed[deployment]
	share, err := strconv.ParseInt(stored.Annotations[plan.AnnotationShare], 10, 32)
	if err != nil {
		share = 0
	}
	revision := admin.Revision{
		Name:           stored.Name,
		Component:      stored.Labels[v1beta1.LabelComponent],
		Deployment:     deployment,
		TrafficPercent: int32(share),
		WantedPercent:  int32(share),
		Ready:          observed.AvailableReplicas > 0,
		Replicas:       observed.Replicas,
		ReadyReplicas:  observed.ReadyReplicas,
	}
	revision.Reason, revision.Message = deploymentTrouble(observed)
	return revision
}

// deploymentTrouble is why a Deployment has no available replica or does not run its newest template only.
func deploymentTrouble(status appsv1.DeploymentStatus) (reason, message string) {
	for _, kind := range []appsv1.DeploymentConditionType{appsv1.DeploymentReplicaFailure, appsv1.DeploymentAvailable, appsv1.DeploymentProgressing} {
		i := slices.IndexFunc(status.Conditions, func(c appsv1.DeploymentCondition) bool { return c.Type == kind })
		if i < 0 {
			continue
		}
		bad := status.Conditions[i].Status == corev1.ConditionFalse
		if kind == appsv1.DeploymentReplicaFailure {
			bad = status.Conditions[i].Status == corev1.ConditionTrue
		}
		if bad {
			return status.Conditions[i].Reason, status.Conditions[i].Message
		}
		if kind == appsv1.DeploymentProgressing && status.UpdatedReplicas < status.Replicas {
			return "RollingUpdate", status.Conditions[i].Message
		}
	}
	return "", ""
}

// wantShares notes the shares that the manifest gives to the predictor's revisions beside those that they
// have: they differ while a revision isn't ready.
func wantShares(s *service, shown []admin.Revision) {
	wanted := map[string]int32{}
	for _, canary := range s.resolved.Spec.Canary {
		wanted[fmt.Sprintf("%s-%s-predictor", s.name.Name, canary.Predictor.Name)] = canary.TrafficPercent
	}
	latest := s.status.Components[v1beta1.PredictorComponent].LatestCreatedRevision
	rest, holder := int32(100), -1
	for i := range shown {
		revision := &shown[i]
		if revision.Component != string(v1beta1.PredictorComponent) {
			continue
		}
		percent, isCanary := wanted[revision.Deployment]
		if !isCanary && revision.Name == latest && s.resolved.Spec.Predictor.CanaryTrafficPercent != nil && len(wanted) == 0 && len(shown) > 1 {
			percent, isCanary = int32(*s.resolved.Spec.Predictor.CanaryTrafficPercent), true
		}
		if !isCanary {
			holder = i
			continue
		}
		revision.WantedPercent = percent
		rest -= percent
	}
	if holder >= 0 {
		shown[holder].WantedPercent = max(rest, 0)
	}
}
