package standalone

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/plan"
)

// A rolling update that fails shows who serves: the revision before, and not the one that replaces it.
func TestRollingUpdateShowsBothRevisions(t *testing.T) {
	t.Parallel()
	revision := func(name string, annotations map[string]string) appsv1.ControllerRevision {
		return appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{
			Name: name, Annotations: annotations, Labels: map[string]string{v1beta1.LabelComponent: string(v1beta1.PredictorComponent)},
		}}
	}
	s := &service{
		name:     types.NamespacedName{Namespace: "default", Name: "m"},
		resolved: &v1beta1.InferenceService{},
		revisions: []appsv1.ControllerRevision{
			revision("m-predictor-00001", map[string]string{plan.AnnotationLive: "false", plan.AnnotationDeployment: "m-predictor"}),
			revision("m-predictor-00002", map[string]string{
				plan.AnnotationLive: "true", plan.AnnotationDeployment: "m-predictor", plan.AnnotationShare: "100", plan.AnnotationReplaces: "m-predictor-00001",
			}),
		},
		observed: map[string]appsv1.DeploymentStatus{"m-predictor": {Replicas: 3, UpdatedReplicas: 1, ReadyReplicas: 2, AvailableReplicas: 2}},
	}
	want := []admin.Revision{
		{Name: "m-predictor-00001", TrafficPercent: 100, WantedPercent: 0, Ready: true, Replicas: 2, ReadyReplicas: 2},
		{Name: "m-predictor-00002", TrafficPercent: 0, WantedPercent: 100, Ready: false, Replicas: 1, ReadyReplicas: 0},
	}
	if diff := cmp.Diff(want, showRevisions(s), cmpopts.IgnoreFields(admin.Revision{}, "Component", "Deployment")); diff != "" {
		t.Error(diff)
	}
}
