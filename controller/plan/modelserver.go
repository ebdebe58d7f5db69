package plan

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
)

// serverType names the model server of a runtime: by its annotation, else by KServe's name for it.
func serverType(choice runtimes.Choice) string {
	if named := choice.Annotations[v1beta1.AnnotationServerType]; named != "" {
		return named
	}
	return strings.TrimPrefix(choice.Name, "kserve-")
}

// tellServer adds to the user's container and to the pod's labels what KServe tells particular model servers.
func (s *scene) tellServer(d *draft, user *corev1.Container, model *v1beta1.ModelSpec) {
	stored := model.StorageURI != nil || model.Storage != nil || len(d.storageURIs) > 0
	tell := func(name, value string) { setEnv(user, name, value) }
	switch serverType(d.runtime) {
	case "mlserver":
		tell("MLSERVER_MODEL_NAME", s.service.Name)
		if stored {
			tell("MLSERVER_MODEL_URI", v1beta1.DefaultModelMountPath)
		} else {
			tell("MLSERVER_LOAD_MODELS_AT_STARTUP", "false")
		}
		if class := mlserverClass(model.ModelFormat.Name); class != "" {
			s.label(d, v1beta1.LabelModelClass, class)
		}
	case "torchserve":
		protocol, envelope := v1beta1.ProtocolV1, "kserve"
		if value(model.ProtocolVersion) == v1beta1.ProtocolV2 {
			protocol, envelope = v1beta1.ProtocolV2, "kservev2"
		}
		tell("PROTOCOL_VERSION", string(protocol))
		s.label(d, v1beta1.LabelServiceEnvelope, envelope)
	case "tritonserver":
		const explicit = "--model-control-mode=explicit"
		if !stored && !slices.Contains(user.Args, explicit) {
			user.Args = append(slices.Clone(user.Args), explicit)
		}
	}
}

// label sets a label that the runtime's template refers to, unless the manifest has it. The stable predictor's is the
// service's own from then on, as KServe's admission makes it.
func (s *scene) label(d *draft, key, text string) {
	if _, own := s.Service.Labels[key]; own {
		return
	}
	d.serverLabels = mergeMaps(d.serverLabels, map[string]string{key: text})
	if d.path == pathPredictor {
		s.service.Labels = mergeMaps(s.service.Labels, map[string]string{key: text})
	}
}

func mlserverClass(format string) string {
	switch format {
	case "sklearn":
		return "mlserver_sklearn.SKLearnModel"
	case "xgboost":
		return "mlserver_xgboost.XGBoostModel"
	case "lightgbm":
		return "mlserver_lightgbm.LightGBMModel"
	case "mlflow":
		return "mlserver_mlflow.MLflowRuntime"
	}
	return ""
}
