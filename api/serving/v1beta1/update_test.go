package v1beta1

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestValidateUpdate(t *testing.T) {
	t.Parallel()
	service := func(mode, name, uri, status string) *InferenceService {
		s := &InferenceService{}
		if mode != "" {
			s.ObjectMeta = metav1.ObjectMeta{Annotations: map[string]string{AnnotationDeploymentMode: mode}}
		}
		s.Spec.Predictor = PredictorSpec{Name: name, Model: &ModelSpec{PredictorExtensionSpec: PredictorExtensionSpec{StorageURI: &uri}}}
		s.Status.DeploymentMode = status
		return s
	}
	for name, c := range map[string]struct {
		old, now *InferenceService
		field    string
	}{
		"the same":                     {service("Standard", "", "a", "Standard"), service("Standard", "", "a", ""), ""},
		"the mode by its old name":     {service("", "", "a", "Standard"), service("RawDeployment", "", "a", ""), ""},
		"another mode":                 {service("", "", "a", "Standard"), service("Serverless", "", "a", ""), "metadata.annotations[serving.kserve.io/deploymentMode]"},
		"another mode before a status": {service("", "", "a", ""), service("Serverless", "", "a", ""), ""},
		"a promotion":                  {service("", "v1", "a", ""), service("", "v2", "b", ""), ""},
		"a name alone":                 {service("", "v1", "a", ""), service("", "v2", "a", ""), "spec.predictor.name"},
	} {
		errs := c.now.ValidateUpdate(c.old)
		switch {
		case c.field == "" && len(errs) > 0:
			t.Errorf("%s: %v", name, errs)
		case c.field != "" && (len(errs) != 1 || errs[0].Field != c.field):
			t.Errorf("%s: %v, want one error of %s", name, errs, c.field)
		}
	}
}
