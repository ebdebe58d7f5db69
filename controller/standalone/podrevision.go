package standalone

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/plan"
)

// podTemplate is one version of a Deployment's pod template.
type podTemplate struct{ deployment, hash string }

// noteTemplates remembers which revision each Deployment's template is now. Those before it are kept while they have pods:
// a rolling update's old replicas still belong to the revision that they were started for.
func (l *loop) noteTemplates(s *service) {
	now := map[podTemplate]string{}
	for i := range s.revisions {
		stored := &s.revisions[i]
		deployment, ok := s.deployments[stored.Annotations[plan.AnnotationDeployment]]
		if ok && stored.Annotations[plan.AnnotationLive] == "true" {
			now[podTemplate{deployment.Name, engine.TemplateHash(&deployment.Spec.Template)}] = stored.Name
		}
	}
	for _, pod := range l.pods.of(s.name) {
		key := podTemplate{pod.Deployment, pod.TemplateHash}
		if name, known := s.templates[key]; known && now[key] == "" {
			now[key] = name
		}
	}
	s.templates = now
}

// ownerOf is the service that a pod is one of.
func ownerOf(pod *engine.Pod) types.NamespacedName {
	return types.NamespacedName{Namespace: pod.Namespace, Name: pod.Labels[v1beta1.LabelInferenceService]}
}
