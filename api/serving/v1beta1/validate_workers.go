package v1beta1

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
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
	errs := positive(w.PipelineParallelSize, at.Child("pipelineParallelSize"))
	errs = append(errs, positive(w.TensorParallelSize, at.Child("tensorParallelSize"))...)
	if len(w.Containers) > 1 {
		errs = append(errs, field.Forbidden(at.Child("containers").Index(1), "a worker's pod has one container; remove the others"))
	}
	gpus, err := s.gpuResources()
	errs = append(errs, err...)
	for i := range w.Containers {
		c := at.Child("containers").Index(i)
		errs = append(errs, validateEnv(w.Containers[i].Env, c.Child("env"))...)
		errs = append(errs, knownResources(w.Containers[i].Resources, gpus, c.Child("resources"))...)
	}
	if p.Model != nil {
		errs = append(errs, s.validateHead(path.Child("model"), gpus)...)
	}
	return errs
}

func (s *InferenceService) validateHead(path *field.Path, gpus []string) field.ErrorList {
	m := s.Spec.Predictor.Model
	errs := knownResources(m.Resources, gpus, path.Child("resources"))
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

// gpuResources are the resource names that count as GPUs.
func (s *InferenceService) gpuResources() ([]string, field.ErrorList) {
	known := []string{"nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi"}
	text, said := s.Annotations[AnnotationGPUResourceTypes]
	if !said {
		return known, nil
	}
	var more []string
	if err := json.Unmarshal([]byte(text), &more); err != nil || len(more) == 0 || slices.Contains(more, "") {
		return known, field.ErrorList{field.Invalid(annotationPath(AnnotationGPUResourceTypes), text,
			`not a list of resource names; write it as JSON, such as ["example.com/gpu"]`)}
	}
	return append(known, more...), nil
}

func knownResources(r corev1.ResourceRequirements, gpus []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, list := range []struct {
		name string
		of   corev1.ResourceList
	}{{"limits", r.Limits}, {"requests", r.Requests}} {
		for name := range list.of {
			switch name {
			case corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceStorage, corev1.ResourceEphemeralStorage:
				continue
			}
			if !slices.Contains(gpus, string(name)) {
				errs = append(errs, field.Invalid(path.Child(list.name).Key(string(name)), string(name),
					"not a kind of GPU that is known; name it in annotation "+AnnotationGPUResourceTypes))
			}
		}
	}
	slices.SortFunc(errs, func(a, b *field.Error) int { return strings.Compare(a.Field, b.Field) })
	return errs
}

func positive(n *int, path *field.Path) field.ErrorList {
	if n == nil || *n >= 1 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, *n, "below 1; use 1 or more")}
}
