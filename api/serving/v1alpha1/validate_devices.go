package v1alpha1

import (
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The annotations by which an LLMInferenceService asks for devices by resource claims.
const (
	AnnotationDeviceClass     = "serving.kserve.io/exp-dra-device-class"
	AnnotationDeviceCount     = "serving.kserve.io/exp-dra-device-count"
	AnnotationDeviceSelector  = "serving.kserve.io/exp-dra-cel-selector"
	AnnotationDeviceContainer = "serving.kserve.io/exp-dra-container-name"
)

// ValidateDevices holds an object's annotations that ask for devices against their rules.
func ValidateDevices(annotations map[string]string) field.ErrorList {
	var errs field.ErrorList
	path := field.NewPath("metadata", "annotations")
	asked := false
	check := func(key, problem string, valid func(string) bool) {
		value, there := annotations[key]
		asked = asked || there
		if there && !valid(strings.TrimSpace(value)) {
			errs = append(errs, field.Invalid(path.Key(key), value, problem))
		}
	}
	check(AnnotationDeviceCount, "not a number of devices; use 1 or more", func(v string) bool {
		n, err := strconv.Atoi(v)
		return v == "" || err == nil && n >= 1
	})
	check(AnnotationDeviceSelector, "no expression stands in it; write one a line, or remove the annotation", func(v string) bool { return v != "" })
	check(AnnotationDeviceContainer, "not the name of a container; use lower-case letters, digits and hyphens", func(v string) bool { return len(validation.IsDNS1123Label(v)) == 0 })
	if _, there := annotations[AnnotationDeviceClass]; asked && !there {
		errs = append(errs, field.Required(path.Key(AnnotationDeviceClass), "devices are asked for by their class; set it, or remove the annotations about devices"))
	}
	check(AnnotationDeviceClass, "not the name of a device class; use lower-case letters, digits, hyphens and dots", func(v string) bool { return len(validation.IsDNS1123Subdomain(v)) == 0 })
	return errs
}
