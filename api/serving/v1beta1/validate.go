package v1beta1

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

// namePattern is what KServe asks of the names of services and predictors: a DNS label that begins with a letter.
const namePattern = "[a-z]([-a-z0-9]*[a-z0-9])?"

// Validate gives everything that KServe's schema and webhook refuse, and what no Deployment or Service can be
// made of. Paths are in the spelling of the object: sklearn where the service says sklearn. Each error's detail
// gives the rule, then after a semicolon what to do. No value of a variable, and no credential of a URI, is in
// it. The service may or may not have been through Default.
func (s *InferenceService) Validate() field.ErrorList {
	mode := s.Mode()
	scaling := scalingRules{mode: mode, class: s.Annotations[AnnotationAutoscalerClass],
		knativeClass: s.Annotations[AnnotationKnativeAutoscalingClass]}
	spec := field.NewPath("spec")

	errs := s.validateMetadata()
	errs = append(errs, s.Spec.Predictor.validate(spec.Child("predictor"), scaling)...)
	errs = append(errs, s.validateWorkers(spec.Child("predictor"))...)
	if t := s.Spec.Transformer; t != nil {
		errs = append(errs, t.validate(spec.Child("transformer"), scaling)...)
	}
	if e := s.Spec.Explainer; e != nil {
		errs = append(errs, e.validate(spec.Child("explainer"), scaling)...)
	}
	return append(errs, s.validateCanaries(spec.Child("canary"), mode)...)
}

// ValidateUpdate gives what may not change between two versions of one service. It does not repeat Validate.
func (s *InferenceService) ValidateUpdate(old *InferenceService) field.ErrorList {
	var errs field.ErrorList
	was := presentMode(old.Status.DeploymentMode)
	if _, said := s.Annotations[AnnotationDeploymentMode]; said && was != "" && was != s.Mode() {
		errs = append(errs, field.Forbidden(annotationPath(AnnotationDeploymentMode),
			fmt.Sprintf("the mode is %s and can't change to %s; delete the service and create it anew", was, s.Mode())))
	}
	before, after := &old.Spec.Predictor, &s.Spec.Predictor
	if before.Name != after.Name && before.source() == after.source() {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "predictor", "name"),
			"a new name promotes another model, but the model is the same; change the model's storageUri with it, or keep the name"))
	}
	return errs
}

func (s *InferenceService) validateMetadata() field.ErrorList {
	errs := validateName(s.Name, field.NewPath("metadata", "name"))
	if longest := s.longestChildName(); len(errs) == 0 && len(longest) > validation.DNS1035LabelMaxLength {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), s.Name, fmt.Sprintf(
			"its Service %q has %d characters and may have %d; shorten the name by %d", longest, len(longest),
			validation.DNS1035LabelMaxLength, len(longest)-validation.DNS1035LabelMaxLength)))
	}
	if class, said := s.Annotations[AnnotationAutoscalerClass]; said {
		errs = append(errs, rules.OneOf(annotationPath(AnnotationAutoscalerClass), AutoscalerClass(class),
			AutoscalerHPA, AutoscalerKEDA, AutoscalerExternal, AutoscalerNone)...)
	}
	if _, said := s.Annotations[AnnotationDeploymentMode]; said {
		errs = append(errs, rules.OneOf(annotationPath(AnnotationDeploymentMode), s.Mode(),
			ModeStandard, ModeKnative, ModeModelMesh)...)
	}
	return errs
}

// longestChildName is the longest name among the Services that the service will have.
func (s *InferenceService) longestChildName() string {
	names := []string{join(s.Name, s.Spec.Predictor.Name, PredictorComponent)}
	if s.Spec.Transformer != nil {
		names = append(names, join(s.Name, "", TransformerComponent))
	}
	if s.Spec.Explainer != nil {
		names = append(names, join(s.Name, "", ExplainerComponent))
	}
	for i := range s.Spec.Canary {
		names = append(names, join(s.Name, s.Spec.Canary[i].Predictor.Name, PredictorComponent))
	}
	longest := names[0]
	for _, n := range names[1:] {
		if len(n) > len(longest) {
			longest = n
		}
	}
	return longest
}

func join(service, predictor string, component ComponentType) string {
	if predictor != "" {
		service += "-" + predictor
	}
	return service + "-" + string(component)
}

func validateName(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(path, "a name is needed; set it to "+nameForm)}
	}
	if !regexp.MustCompile("^" + namePattern + "$").MatchString(name) {
		return field.ErrorList{field.Invalid(path, name, "not a name that KServe takes ("+namePattern+"); use "+nameForm)}
	}
	return nil
}

const nameForm = "lower-case letters, digits and hyphens, with a letter first and no dot"

func annotationPath(key string) *field.Path { return field.NewPath("metadata", "annotations").Key(key) }

func validateLabels(labels map[string]string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if len(content.IsLabelKey(name)) > 0 {
			errs = append(errs, field.Invalid(path.Key(name), name,
				"not the name of a label; use at most 63 letters, digits, hyphens, underscores and dots, after an optional DNS name and a slash"))
		}
		if value := labels[name]; len(content.IsLabelValue(value)) > 0 {
			errs = append(errs, field.Invalid(path.Key(name), value,
				"not the value of a label; use at most 63 letters, digits, hyphens, underscores and dots"))
		}
	}
	return errs
}
