package v1beta1

import "k8s.io/apimachinery/pkg/util/validation/field"

func (t *TransformerSpec) validate(path *field.Path, scaling scalingRules) field.ErrorList {
	var errs field.ErrorList
	single := ""
	if len(t.Containers) == 0 {
		errs = append(errs, field.Required(path.Child("containers"), "a transformer is a container; add one with an image or a command"))
	} else {
		single = storageURIOf(&t.Containers[0])
	}
	errs = append(errs, validateContainers(t.Containers, path.Child("containers"), containerRules{custom: true, renamed: true})...)
	errs = append(errs, validateEphemeral(&t.PodSpec, path)...)
	errs = append(errs, validateContainers(t.InitContainers, path.Child("initContainers"), containerRules{})...)
	errs = append(errs, validateStorageURIs(t.StorageURIs, single, path.Child("storageUris"))...)
	return append(errs, t.ComponentExtensionSpec.validate(path, scaling)...)
}
