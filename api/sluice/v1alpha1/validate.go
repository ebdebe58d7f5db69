package v1alpha1

import "k8s.io/apimachinery/pkg/util/validation/field"

// Validate gives what a gateway could not answer with. Each error's detail gives the rule, then after a
// semicolon what to do.
func (s *DirectResponseSpec) Validate() field.ErrorList {
	spec := field.NewPath("spec")
	var errs field.ErrorList
	if s.StatusCode < 200 || s.StatusCode > 599 {
		errs = append(errs, field.Invalid(spec.Child("statusCode"), s.StatusCode, "not a status that ends a request; use 200 to 599"))
	}
	if len(s.Body) > MaxDirectResponseBody {
		errs = append(errs, field.TooLong(spec.Child("body"), "", MaxDirectResponseBody))
	}
	return errs
}
