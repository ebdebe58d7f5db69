package standalone

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/plan"
)

// A rolling update's old replicas stay the old revision's, also when the new one is in force and they only drain.
func TestPodsBelongToTheRevisionThatTheyWereStartedFor(t *testing.T) {
	t.Parallel()
	template := func(command string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Command: []string{command}}}}}
	}
	old, next := template("old"), template("next")
	s := &service{name: types.NamespacedName{Namespace: "default", Name: "m"}}
	pod := func(name string, template *corev1.PodTemplateSpec) engine.Pod {
		return engine.Pod{Namespace: "default", Name: name, Deployment: "m-predictor", TemplateHash: engine.TemplateHash(template),
			Labels: map[string]string{v1beta1.LabelInferenceService: "m"}}
	}
	l := emptyLoop()
	l.services[s.name] = s
	apply := func(live string, template corev1.PodTemplateSpec, pods ...engine.Pod) {
		s.revisions = nil
		for _, name := range []string{"m-predictor-00001", "m-predictor-00002"} {
			annotations := map[string]string{plan.AnnotationDeployment: "m-predictor", plan.AnnotationLive: "false"}
			if name == live {
				annotations[plan.AnnotationLive] = "true"
			}
			s.revisions = append(s.revisions, appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotations}})
		}
		s.deployments = map[string]appsv1.Deployment{"m-predictor": {ObjectMeta: metav1.ObjectMeta{Name: "m-predictor"}, Spec: appsv1.DeploymentSpec{Template: template}}}
		l.pods.set(engine.Change{Deployment: types.NamespacedName{Namespace: "default", Name: "m-predictor"}, Pods: pods})
		l.noteTemplates(s)
	}
	want := func(revisions ...string) {
		t.Helper()
		for i, pod := range l.pods.of(s.name) {
			if revision := s.templates[podTemplate{pod.Deployment, pod.TemplateHash}]; revision != revisions[i] {
				t.Errorf("pod %s is of revision %q, want %q", pod.Name, revision, revisions[i])
			}
		}
	}

	apply("m-predictor-00001", old, pod("a", &old))
	want("m-predictor-00001")
	apply("m-predictor-00002", next, pod("a", &old), pod("b", &next))
	want("m-predictor-00001", "m-predictor-00002")
	apply("m-predictor-00002", next, pod("b", &next))
	if len(s.templates) != 1 {
		t.Errorf("templates without pods are kept: %v", s.templates)
	}
}
