package plan

import (
	"slices"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
)

// EnvAnswers tells the bundled runtime whose server's answers a model's clients expect: kserve, which it gives anyway, or mlserver.
const EnvAnswers = "SLUICE_ANSWERS"

// answeredByMLServer says whether KServe would have MLServer serve the model in whose place the bundled runtime does: the manifest
// names its runtime, or it is the choice where the bundled runtime isn't one, as for sklearn by protocol v2.
func (s *scene) answeredByMLServer(asked runtimes.Choice, model *v1beta1.ModelSpec) bool {
	if !asked.Bundled() {
		return serverType(asked) == "mlserver"
	}
	if model.Runtime != nil {
		return false
	}
	request := s.runtimeRequest(model, false)
	request.ClusterRuntimes = slices.DeleteFunc(slices.Clone(s.ClusterRuntimes), func(r v1alpha1.ClusterServingRuntime) bool {
		return r.Annotations[runtimes.AnnotationBundled] == "true"
	})
	other, err := runtimes.Choose(request)
	return err == nil && serverType(other) == "mlserver"
}
