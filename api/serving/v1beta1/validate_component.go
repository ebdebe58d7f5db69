package v1beta1

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

func (c *ComponentExtensionSpec) validate(path *field.Path, scaling scalingRules) field.ErrorList {
	errs := c.validateNumbers(path)
	errs = append(errs, scaling.validate(c, path)...)
	errs = append(errs, c.Logger.validate(path.Child("logger"))...)
	errs = append(errs, c.Batcher.validate(path.Child("batcher"))...)
	errs = append(errs, validateLabels(c.Labels, path.Child("labels"))...)
	if c.DeploymentStrategy != nil && scaling.mode != ModeStandard && scaling.mode != ModeModelMesh {
		errs = append(errs, field.Forbidden(path.Child("deploymentStrategy"),
			"a strategy is taken in deployment mode Standard only; remove it, or set annotation "+AnnotationDeploymentMode+" to Standard"))
	}
	return errs
}

func (c *ComponentExtensionSpec) validateNumbers(path *field.Path) field.ErrorList {
	minReplicas := int64(1)
	if c.MinReplicas != nil {
		minReplicas = int64(*c.MinReplicas)
	}
	errs := rules.NotNegative(path.Child("minReplicas"), minReplicas)
	errs = append(errs, rules.NotNegative(path.Child("maxReplicas"), int64(c.MaxReplicas))...)
	if c.MaxReplicas > 0 && minReplicas > int64(c.MaxReplicas) {
		errs = append(errs, field.Invalid(path.Child("minReplicas"), minReplicas,
			fmt.Sprintf("more than maxReplicas, which is %d; lower the one or raise the other", c.MaxReplicas)))
	}
	if c.ContainerConcurrency != nil {
		errs = append(errs, rules.NotNegative(path.Child("containerConcurrency"), *c.ContainerConcurrency)...)
	}
	if c.TimeoutSeconds != nil {
		errs = append(errs, rules.NotNegative(path.Child("timeout"), *c.TimeoutSeconds)...)
	}
	if p := c.CanaryTrafficPercent; p != nil {
		errs = append(errs, rules.Percent(path.Child("canaryTrafficPercent"), *p)...)
	}
	return errs
}

func (l *LoggerSpec) validate(path *field.Path) field.ErrorList {
	if l == nil {
		return nil
	}
	var errs field.ErrorList
	if l.Mode == "" {
		errs = append(errs, field.Required(path.Child("mode"), "what is logged must be said; set all, request or response"))
	} else {
		errs = append(errs, rules.OneOf(path.Child("mode"), l.Mode, LogAll, LogRequest, LogResponse)...)
	}
	if l.Storage == nil {
		return errs
	}
	storage := path.Child("storage")
	for _, f := range []struct {
		name  string
		unset bool
	}{{"path", l.Storage.Path == nil}, {"parameters", l.Storage.Parameters == nil}, {"key", l.Storage.StorageKey == nil}} {
		if f.unset {
			errs = append(errs, field.Required(storage.Child(f.name), "a logger's storage needs path, parameters and key; set it"))
		}
	}
	return errs
}

func (b *Batcher) validate(path *field.Path) field.ErrorList {
	if b == nil {
		return nil
	}
	var errs field.ErrorList
	for _, f := range []struct {
		name  string
		value *int
	}{{"maxBatchSize", b.MaxBatchSize}, {"maxLatency", b.MaxLatency}, {"timeout", b.Timeout}} {
		if f.value != nil {
			errs = append(errs, rules.NotNegative(path.Child(f.name), int64(*f.value))...)
		}
	}
	return errs
}
