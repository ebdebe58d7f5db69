package v1beta1

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

func (s *InferenceService) validateCanaries(path *field.Path, mode DeploymentMode) field.ErrorList {
	if len(s.Spec.Canary) == 0 {
		return nil
	}
	var errs field.ErrorList
	if mode != ModeStandard {
		errs = append(errs, field.Forbidden(path, fmt.Sprintf(
			"deployment mode %s has no canary list; set annotation %s to Standard, or use canaryTrafficPercent", mode, AnnotationDeploymentMode)))
	}
	stable := &s.Spec.Predictor
	if stable.source() == "" && stable.Model == nil {
		errs = append(errs, field.Forbidden(path,
			"a canary is laid over a model, and the stable predictor has none; give it a model or a "+EnvStorageURI))
	}
	seen := map[string]bool{stable.Name: stable.Name != ""}
	total := int64(0)
	for i := range s.Spec.Canary {
		c, at := &s.Spec.Canary[i], path.Index(i)
		errs = append(errs, c.validate(stable, at)...)
		if name := c.Predictor.Name; name != "" && seen[name] {
			errs = append(errs, field.Duplicate(at.Child("predictor", "name"), name))
		} else {
			seen[name] = true
		}
		total += int64(c.TrafficPercent)
	}
	if total > 100 {
		errs = append(errs, field.Invalid(path, total,
			"the canaries' trafficPercent together are above 100; lower them, what is left goes to the stable predictor"))
	}
	return errs
}

func (c *CanarySpec) validate(stable *PredictorSpec, path *field.Path) field.ErrorList {
	at := path.Child("predictor")
	p := &c.Predictor
	errs := rules.Percent(path.Child("trafficPercent"), int64(c.TrafficPercent))
	if p.Name == "" {
		errs = append(errs, field.Required(at.Child("name"), "a canary is told apart by its name; set one, such as v2"))
	} else {
		errs = append(errs, validateName(p.Name, at.Child("name"))...)
	}
	errs = append(errs, p.validateImplementation(at)...)
	errs = append(errs, p.validateContent(at)...)
	errs = append(errs, p.ComponentExtensionSpec.validate(at, scalingRules{mode: ModeStandard})...)
	errs = append(errs, p.validateFixedReplicas(at)...)
	return append(errs, validateCanaryReplicas(p, stable, at)...)
}

// validateFixedReplicas refuses what would scale a canary: its size follows from the stable predictor's.
func (p *PredictorSpec) validateFixedReplicas(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"maxReplicas", p.MaxReplicas != 0},
		{"scaleTarget", p.ScaleTarget != nil},
		{"scaleMetric", p.ScaleMetric != nil},
		{"autoScaling", p.AutoScaling != nil},
		{"workerSpec", p.WorkerSpec != nil},
	} {
		if f.set {
			errs = append(errs, field.Forbidden(path.Child(f.name), "a canary has a fixed number of pods on one node each; remove "+f.name))
		}
	}
	return errs
}

func validateCanaryReplicas(p, stable *PredictorSpec, path *field.Path) field.ErrorList {
	limit := int32(1)
	if stable.MinReplicas != nil {
		limit = *stable.MinReplicas
	}
	if p.MinReplicas == nil || *p.MinReplicas <= limit {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("minReplicas"), *p.MinReplicas, fmt.Sprintf(
		"more than the stable predictor's, which is %d; lower it, or raise the stable predictor's", limit))}
}
