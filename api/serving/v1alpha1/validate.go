package v1alpha1

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// EnvForbidden is the one variable that no container may be given: it lets a manifest put code of its own into
// a server's interpreter. KServe refuses it as well.
const EnvForbidden = "PYTHONPATH"

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
	errs := positive(w.PipelineParallelSize, at.Child("pipelineParallelSize"))
	errs = append(errs, positive(w.TensorParallelSize, at.Child("tensorParallelSize"))...)
	if len(w.Containers) > 1 {
		errs = append(errs, field.Forbidden(at.Child("containers").Index(1), "a worker's pod has one container; remove the others"))
	}
	for i := range s.Containers {
		for j := range s.Containers[i].Env {
			if n := s.Containers[i].Env[j].Name; n == "PIPELINE_PARALLEL_SIZE" || n == "TENSOR_PARALLEL_SIZE" {
				errs = append(errs, field.Forbidden(spec.Child("containers").Index(i).Child("env").Index(j).Child("name"),
					"the parallel sizes are fields of workerSpec; set pipelineParallelSize or tensorParallelSize there"))
			}
		}
	}
	return errs
}

func positive(n *int, path *field.Path) field.ErrorList {
	if n == nil || *n >= 1 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, *n, "below 1; use 1 or more")}
}
