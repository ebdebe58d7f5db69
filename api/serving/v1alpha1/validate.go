package v1alpha1

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

// EnvForbidden is the one variable that no container may be given: it lets a manifest put code of its own into
// a server's interpreter. KServe refuses it as well.
const EnvForbidden = "PYTHONPATH"

// The containers of a runtime with a meaning.
const (
	containerServing = "kserve-container"
	containerWorker  = "worker-container"
)

// Validate gives everything that KServe's schema and webhook refuse of a runtime by itself. Each error's detail
// gives the rule, then after a semicolon what to do. A disabled runtime is checked for its containers only.
func (s *ServingRuntimeSpec) Validate() field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateContainers(s.Containers, spec.Child("containers"))
	if w := s.WorkerSpec; w != nil {
		errs = append(errs, validateContainers(w.Containers, spec.Child("workerSpec", "containers"))...)
	}
	if s.Disabled != nil && *s.Disabled {
		return errs
	}
	errs = append(errs, s.validateFormats(spec.Child("supportedModelFormats"))...)
	errs = append(errs, s.validateEnv(spec)...)
	return append(errs, s.validateWorkers(spec)...)
}

// ValidateUpdate gives what may not change between two versions of one runtime.
func (s *ServingRuntimeSpec) ValidateUpdate(old *ServingRuntimeSpec) field.ErrorList {
	if old.WorkerSpec == nil || s.WorkerSpec != nil || s.Disabled != nil && *s.Disabled {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath("spec", "workerSpec"), "a runtime of several nodes stays one; keep workerSpec, or make another runtime")}
}

// SamePriority gives the path of a format of s that another runtime of the same scope serves with the same priority: which of the two is chosen for it
// would be chance. It is nil if there is none. Disabled runtimes and those without a protocol in common don't meet.
func (s *ServingRuntimeSpec) SamePriority(other *ServingRuntimeSpec) *field.Path {
	isSet := func(b *bool) bool { return b != nil && *b }
	if isSet(s.Disabled) || isSet(other.Disabled) || isSet(s.MultiModel) != isSet(other.MultiModel) ||
		!slices.ContainsFunc(s.ProtocolVersions, func(p Protocol) bool { return slices.Contains(other.ProtocolVersions, p) }) {
		return nil
	}
	for i, f := range s.SupportedModelFormats {
		for _, g := range other.SupportedModelFormats {
			if isSet(f.AutoSelect) && isSet(g.AutoSelect) && f.Priority != nil && g.Priority != nil && *f.Priority == *g.Priority && f.is(g) {
				return field.NewPath("spec", "supportedModelFormats").Index(i).Child("priority")
			}
		}
	}
	return nil
}

// is says whether two entries are of one format and version.
func (f SupportedModelFormat) is(other SupportedModelFormat) bool {
	if !strings.EqualFold(f.Name, other.Name) || (f.Version == nil) != (other.Version == nil) {
		return false
	}
	return f.Version == nil || *f.Version == *other.Version
}

func validateContainers(containers []corev1.Container, path *field.Path) field.ErrorList {
	if len(containers) == 0 {
		return field.ErrorList{field.Required(path, "a runtime is a container; add one called kserve-container")}
	}
	var errs field.ErrorList
	var names []string
	for i := range containers {
		name, at := containers[i].Name, path.Index(i).Child("name")
		switch {
		case name == "":
			errs = append(errs, field.Required(at, "a container needs a name; call the one that serves kserve-container"))
		case len(validation.IsDNS1123Label(name)) > 0:
			errs = append(errs, field.Invalid(at, name, "not a DNS label; use at most 63 lower-case letters, digits and hyphens"))
		case slices.Contains(names, name):
			errs = append(errs, field.Duplicate(at, name))
		}
		names = append(names, name)
	}
	return errs
}

// validateFormats holds that a format has one priority, whatever its versions.
func (s *ServingRuntimeSpec) validateFormats(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	priority := map[string]*int32{}
	for i, f := range s.SupportedModelFormats {
		if f.Name == "" {
			errs = append(errs, field.Required(path.Index(i).Child("name"), "a format needs a name; set it, for example to onnx"))
			continue
		}
		if f.Priority != nil && *f.Priority < 1 {
			errs = append(errs, field.Invalid(path.Index(i).Child("priority"), *f.Priority, "below 1; use 1 or more, or leave it out to come last"))
		}
		if f.AutoSelect == nil || !*f.AutoSelect {
			continue
		}
		first, seen := priority[f.Name]
		if !seen {
			priority[f.Name] = f.Priority
		} else if first != nil && f.Priority != nil && *first != *f.Priority {
			errs = append(errs, field.Invalid(path.Index(i).Child("priority"), *f.Priority, fmt.Sprintf(
				"format %s has priority %d above, and one runtime gives a format one priority; use the same", f.Name, *first)))
		}
	}
	return errs
}

func (s *ServingRuntimeSpec) validateEnv(spec *field.Path) field.ErrorList {
	errs := validateEnv(s.Containers, spec.Child("containers"))
	if s.WorkerSpec != nil {
		errs = append(errs, validateEnv(s.WorkerSpec.Containers, spec.Child("workerSpec", "containers"))...)
	}
	return errs
}

func validateEnv(containers []corev1.Container, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range containers {
		for j := range containers[i].Env {
			if containers[i].Env[j].Name == EnvForbidden {
				errs = append(errs, field.Forbidden(path.Index(i).Child("env").Index(j).Child("name"),
					EnvForbidden+" is refused for security, as KServe does; set it in the image or in the command"))
			}
		}
	}
	return errs
}

func (s *ServingRuntimeSpec) validateWorkers(spec *field.Path) field.ErrorList {
	w := s.WorkerSpec
	if w == nil {
		return nil
	}
	at := spec.Child("workerSpec")
	errs := rules.AtLeast(at.Child("pipelineParallelSize"), w.PipelineParallelSize, 1)
	errs = append(errs, rules.AtLeast(at.Child("tensorParallelSize"), w.TensorParallelSize, 1)...)
	if len(w.Containers) > 1 {
		errs = append(errs, field.Forbidden(at.Child("containers").Index(1), "a worker's pod has one container; remove the others"))
	}
	gpus, unreadable := GPUResources(s.Annotations, spec.Child("annotations"))
	errs = append(errs, unreadable...)
	for i := range w.Containers {
		if w.Containers[i].Name == containerWorker {
			errs = append(errs, OnlyKnownGPUs(w.Containers[i].Resources, gpus, at.Child("containers").Index(i).Child("resources"))...)
		}
	}
	for i := range s.Containers {
		if s.Containers[i].Name != containerServing {
			continue
		}
		errs = append(errs, OnlyKnownGPUs(s.Containers[i].Resources, gpus, spec.Child("containers").Index(i).Child("resources"))...)
		for j := range s.Containers[i].Env {
			if n := s.Containers[i].Env[j].Name; n == "PIPELINE_PARALLEL_SIZE" || n == "TENSOR_PARALLEL_SIZE" {
				errs = append(errs, field.Forbidden(spec.Child("containers").Index(i).Child("env").Index(j).Child("name"),
					"the parallel sizes are fields of workerSpec; set pipelineParallelSize or tensorParallelSize there"))
			}
		}
	}
	return errs
}
