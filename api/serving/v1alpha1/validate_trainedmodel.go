package v1alpha1

import (
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// trainedModelName is the form that KServe asks of a TrainedModel's name.
const trainedModelName = "[a-zA-Z0-9_-]+"

// Validate gives everything that KServe's webhook refuses of a TrainedModel. Each error's detail gives the rule,
// then after a semicolon what to do.
func (m *TrainedModel) Validate() field.ErrorList {
	var errs field.ErrorList
	if !regexp.MustCompile("^" + trainedModelName + "$").MatchString(m.Name) {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), m.Name,
			"not a name that KServe takes ("+trainedModelName+"); use letters, digits and hyphens"))
	}
	scheme, _, isURI := strings.Cut(m.Spec.Model.StorageURI, "://")
	if !isURI || !slices.Contains([]string{"s3", "gs", "https", "http"}, scheme) {
		errs = append(errs, field.Invalid(field.NewPath("spec", "model", "storageUri"), scheme,
			"not a place that a multi-model server fetches from; use a URI of s3://, gs://, https:// or http://"))
	}
	return errs
}

// ValidateUpdate gives what may not change between two versions of one TrainedModel.
func (m *TrainedModel) ValidateUpdate(old *TrainedModel) field.ErrorList {
	if m.Spec.Model.Memory.Cmp(old.Spec.Model.Memory) == 0 {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath("spec", "model", "memory"), "a loaded model's memory can't change; delete the model and create it anew")}
}
