package v1beta1

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
)

// validateWorkers holds the rules of a model that runs on several nodes. Their number follows from the two
// parallel sizes and the GPUs of each node, so nothing else may scale it and every GPU must be recognised.
func (s *InferenceService) validateWorkers(path *field.Path) field.ErrorList {
	p := &s.Spec.Predictor
	w := p.WorkerSpec
	if w == nil {
		return nil
	}
	at := path.Child("workerSpec")
	errs := rules.AtLeast(at.Child("pipelineParallelSize"), w.PipelineParallelSize, 1)
	errs = append(errs, rules.AtLeast(at.Child("tensorParallelSize"), w.TensorParallelSize, 1)...)
	if len(w.Containers) > 1 {
		errs = append(errs, field.Forbidden(at.Child("containers").Index(1), "a worker's pod has one container; remove the others"))
	}
	gpus, err := v1alpha1.GPUResources(s.Annotations, field.NewPath("metadata", "annotations"))
	errs = append(errs, err...)
	for i := range w.InitContainers {
		errs = append(errs, validateEnv(w.InitContainers[i].Env, at.Child("initContainers").Index(i).Child("env"))...)
	}
	for i := range w.Containers {
		c := at.Child("containers").Index(i)
		errs = append(errs, validateEnv(w.Containers[i].Env, c.Child("env"))...)
		errs = append(errs, v1alpha1.OnlyKnownGPUs(w.Containers[i].Resources, gpus, c.Child("resources"))...)
	}
	if p.Model != nil {
		errs = append(errs, s.validateHead(path.Child("model"), gpus)...)
	}
	return errs
}

func (s *InferenceService) validateHead(path *field.Path, gpus []string) field.ErrorList {
	m := s.Spec.Predictor.Model
	errs := v1alpha1.OnlyKnownGPUs(m.Resources, gpus, path.Child("resources"))
	for i := range m.Env {
		if n := m.Env[i].Name; n == "PIPELINE_PARALLEL_SIZE" || n == "TENSOR_PARALLEL_SIZE" {
			errs = append(errs, field.Forbidden(path.Child("env").Index(i).Child("name"),
				"the parallel sizes are fields of workerSpec; set pipelineParallelSize or tensorParallelSize there"))
		}
	}
	if m.StorageURI == nil {
		errs = append(errs, field.Required(path.Child("storageUri"), "several nodes read one copy of the model; set a pvc:// or oci:// URI"))
	} else if scheme, _, _ := strings.Cut(*m.StorageURI, "://"); scheme != "pvc" && scheme != "oci" {
		errs = append(errs, field.Invalid(path.Child("storageUri"), withoutCredentials(*m.StorageURI),
			"several nodes read one copy of the model; use a pvc:// or oci:// URI"))
	}
	if class := s.Annotations[AnnotationAutoscalerClass]; class != string(AutoscalerNone) {
		errs = append(errs, field.Invalid(annotationPath(AnnotationAutoscalerClass), class,
			"a model on several nodes is not scaled; set the annotation to none"))
	}
	return errs
}
