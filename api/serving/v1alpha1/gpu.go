package v1alpha1

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// AnnotationGPUResourceTypes is a JSON list of resource names that count as GPUs beside the known ones.
const AnnotationGPUResourceTypes = "serving.kserve.io/gpu-resource-types"

// GPUResources gives the resource names that count as GPUs under an object's annotations; annotationPath leads to them.
func GPUResources(annotations map[string]string, annotationPath *field.Path) ([]string, field.ErrorList) {
	known := []string{"nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi"}
	text, said := annotations[AnnotationGPUResourceTypes]
	if !said {
		return known, nil
	}
	var more []string
	if err := json.Unmarshal([]byte(text), &more); err != nil || len(more) == 0 || slices.Contains(more, "") {
		return known, field.ErrorList{field.Invalid(annotationPath.Key(AnnotationGPUResourceTypes), text,
			`not a list of resource names; write it as JSON, such as ["example.com/gpu"]`)}
	}
	return append(known, more...), nil
}

// OnlyKnownGPUs holds that a container of a model on several nodes asks for nothing but CPU, memory, storage and the GPUs that are
// known: the number of nodes follows from them.
func OnlyKnownGPUs(r corev1.ResourceRequirements, gpus []string, path *field.Path) field.ErrorList {
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
