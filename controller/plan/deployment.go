package plan

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/rollout"
)

// deployments gives the Deployment of each revision that runs.
func (s *scene) deployments(p part) []appsv1.Deployment {
	var out []appsv1.Deployment
	for _, carried := range p.decision.Carried {
		out = append(out, s.deployment(p, carried))
	}
	return out
}

func (s *scene) deployment(p part, carried rollout.Carried) appsv1.Deployment {
	template := stamp(carried.Revision)
	history, deadline := int32(10), int32(600)
	return appsv1.Deployment{
		TypeMeta: metav1.TypeMeta{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{
			Name:            carried.Revision.Deployment,
			Namespace:       s.service.Namespace,
			Labels:          mergeMaps(template.Labels),
			Annotations:     mergeMaps(template.Annotations),
			OwnerReferences: s.owner(),
		},
		Spec: appsv1.DeploymentSpec{
			Replicas:                s.replicas(p, carried),
			Selector:                &metav1.LabelSelector{MatchLabels: appLabel(carried.Revision.Deployment)},
			Template:                template,
			Strategy:                strategy(p, carried),
			RevisionHistoryLimit:    &history,
			ProgressDeadlineSeconds: &deadline,
		},
	}
}

// stamp gives a revision's template the name and label of the Deployment that carries it. They depend on nothing else, so
// the template is the same whatever the revision's role.
func stamp(r rollout.Revision) corev1.PodTemplateSpec {
	template := *r.Template.DeepCopy()
	template.Name = r.Deployment
	template.Labels = mergeMaps(template.Labels, appLabel(r.Deployment))
	return template
}

func appLabel(deployment string) map[string]string {
	return map[string]string{v1beta1.LabelApp: "isvc." + deployment}
}

// replicas is left unset where an autoscaler owns the number. On one machine there is none.
func (s *scene) replicas(p part, carried rollout.Carried) *int32 {
	class := v1beta1.AutoscalerClass(s.service.Annotations[v1beta1.AnnotationAutoscalerClass])
	if s.settings.Local == nil && class != v1beta1.AutoscalerNone {
		return nil
	}
	n := replicasOf(p, carried)
	return &n
}

func strategy(p part, carried rollout.Carried) appsv1.DeploymentStrategy {
	chosen := p.extension.DeploymentStrategy
	if carried.Role == rollout.Canary {
		for _, entry := range p.canaries {
			if entry.name == carried.Revision.Track {
				chosen = entry.extension.DeploymentStrategy
			}
		}
	}
	if chosen != nil {
		return *chosen.DeepCopy()
	}
	surge, unavailable := intstr.FromString("25%"), intstr.FromString("25%")
	return appsv1.DeploymentStrategy{
		Type:          appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &surge, MaxUnavailable: &unavailable},
	}
}
