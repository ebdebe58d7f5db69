package v1beta1

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

func (p *PredictorSpec) validate(path *field.Path, scaling scalingRules) field.ErrorList {
	errs := p.validateImplementation(path)
	for _, m := range p.models() {
		if m.spec.Name != "" {
			errs = append(errs, field.Forbidden(path.Child(m.field, "name"),
				"the serving container is always called "+ContainerServing+"; remove name"))
		}
	}
	if p.Name != "" {
		errs = append(errs, validateName(p.Name, path.Child("name"))...)
	}
	errs = append(errs, p.validateContent(path)...)
	return append(errs, p.ComponentExtensionSpec.validate(path, scaling)...)
}

// validateContent is what holds for a stable predictor and for a canary, which may leave most of itself out.
func (p *PredictorSpec) validateContent(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, m := range p.models() {
		errs = append(errs, m.spec.validate(path.Child(m.field))...)
	}
	custom := len(p.models()) == 0
	errs = append(errs, validateContainers(p.Containers, path.Child("containers"), containerRules{custom: custom, unnamedFirst: true})...)
	errs = append(errs, validateEphemeral(&p.PodSpec, path)...)
	errs = append(errs, validateContainers(p.InitContainers, path.Child("initContainers"), containerRules{})...)
	errs = append(errs, validateCollocated(p.Containers, path.Child("containers"))...)
	return append(errs, validateStorageURIs(p.StorageURIs, p.source(), path.Child("storageUris"))...)
}

// validateImplementation holds the rule that one thing runs: a model, a framework field or containers with one
// called kserve-container. Containers without one beside a model are its companions.
func (p *PredictorSpec) validateImplementation(path *field.Path) field.ErrorList {
	set := make([]string, 0, 2)
	for _, m := range p.models() {
		set = append(set, m.field)
	}
	if i := p.servingContainer(); i >= 0 && (p.Containers[i].Name == ContainerServing || len(set) == 0) {
		set = append(set, "containers")
	}
	switch len(set) {
	case 0:
		return field.ErrorList{field.Required(path, "nothing says what runs; add model with modelFormat and storageUri, or containers")}
	case 1:
		return nil
	}
	what := fmt.Sprintf("%s say what runs, and exactly one may", rules.Enumerate(set, "and"))
	remedy := "; keep one of them"
	if slices.Contains(set, "containers") {
		remedy += fmt.Sprintf(" (a container beside a model must not be called %s)", ContainerServing)
	}
	return field.ErrorList{field.Forbidden(path.Child(set[len(set)-1]), what+remedy)}
}

// servingContainer is the index of kserve-container, or of the first container, or -1 if there is none.
func (p *PredictorSpec) servingContainer() int {
	for i := range p.Containers {
		if p.Containers[i].Name == ContainerServing {
			return i
		}
	}
	return min(len(p.Containers), 1) - 1
}

type modelField struct {
	field string
	spec  *PredictorExtensionSpec
}

// models are the model and the framework fields that are set.
func (p *PredictorSpec) models() []modelField {
	var set []modelField
	for _, f := range p.Frameworks() {
		set = append(set, modelField{f.Format, f.Spec})
	}
	if p.Model != nil {
		set = append(set, modelField{"model", &p.Model.PredictorExtensionSpec})
	}
	return set
}

// source is the predictor's storage URI as written, or "" if it has none.
func (p *PredictorSpec) source() string {
	if models := p.models(); len(models) > 0 {
		if uri := models[0].spec.StorageURI; uri != nil {
			return *uri
		}
		return ""
	}
	if i := p.servingContainer(); i >= 0 {
		return storageURIOf(&p.Containers[i])
	}
	return ""
}

func (m *PredictorExtensionSpec) validate(path *field.Path) field.ErrorList {
	errs := validateEnv(m.Env, path.Child("env"))
	errs = append(errs, validateStorage(m.Storage, m.StorageURI, path)...)
	return append(errs, m.Confidential.validate(m.StorageURI, path)...)
}
