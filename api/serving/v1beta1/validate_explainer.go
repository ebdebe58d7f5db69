package v1beta1

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

func (e *ExplainerSpec) validate(path *field.Path, scaling scalingRules) field.ErrorList {
	var errs field.ErrorList
	single := ""
	switch {
	case e.ART != nil && len(e.Containers) > 0:
		errs = append(errs, field.Forbidden(path.Child("containers"), "art and containers both say what runs, and exactly one may; keep one of them"))
	case e.ART == nil && len(e.Containers) == 0:
		errs = append(errs, field.Required(path, "nothing says what runs; add containers, or art with a type"))
	case e.ART == nil:
		single = storageURIOf(&e.Containers[0])
	}
	if e.ART != nil {
		single = e.ART.StorageURI
		errs = append(errs, e.ART.validate(path.Child("art"))...)
	}
	errs = append(errs, validateContainers(e.Containers, path.Child("containers"), containerRules{custom: true, renamed: true})...)
	errs = append(errs, validateEphemeral(&e.PodSpec, path)...)
	errs = append(errs, validateContainers(e.InitContainers, path.Child("initContainers"), containerRules{})...)
	errs = append(errs, validateStorageURIs(e.StorageURIs, single, path.Child("storageUris"))...)
	return append(errs, e.ComponentExtensionSpec.validate(path, scaling)...)
}

func (a *ARTExplainerSpec) validate(path *field.Path) field.ErrorList {
	var uri *string
	if a.StorageURI != "" {
		uri = &a.StorageURI
	}
	errs := rules.OneOf(path.Child("type"), a.Type, ARTSquareAttack)
	errs = append(errs, validateEnv(a.Env, path.Child("env"))...)
	return append(errs, validateStorage(a.Storage, uri, path)...)
}
