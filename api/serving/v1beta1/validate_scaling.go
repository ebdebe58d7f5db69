package v1beta1

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

// knativeHPA is the value of Knative's class annotation that hands scaling to the HPA.
const knativeHPA = "hpa.autoscaling.knative.dev"

// scalingRules choose what is asked of a component's scaling. As in KServe, a mode or a class that is not named
// asks for little: in Standard mode metrics are checked only for the classes hpa and keda, by name.
type scalingRules struct {
	mode         DeploymentMode
	class        string
	knativeClass string
}

func (r scalingRules) validate(c *ComponentExtensionSpec, path *field.Path) field.ErrorList {
	errs := c.validateEnums(path)
	if len(errs) > 0 {
		return errs
	}
	switch {
	case r.mode == ModeKnative && r.knativeClass == knativeHPA, r.mode == ModeStandard && r.class == string(AutoscalerHPA):
		return c.validateHPA(path)
	case r.mode == ModeKnative:
		return c.validateConcurrencyScaling(path)
	case r.mode == ModeStandard && r.class == string(AutoscalerKEDA):
		return c.validateKEDA(path)
	}
	return nil
}

func (c *ComponentExtensionSpec) validateEnums(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if m := c.ScaleMetric; m != nil {
		errs = append(errs, rules.OneOf(path.Child("scaleMetric"), *m, MetricCPU, MetricMemory, MetricConcurrency, MetricRPS)...)
	}
	if t := c.ScaleMetricType; t != nil {
		errs = append(errs, t.validate(path.Child("scaleMetricType"))...)
	}
	if c.AutoScaling == nil {
		return errs
	}
	for i := range c.AutoScaling.Metrics {
		errs = append(errs, c.AutoScaling.Metrics[i].validateEnums(path.Child("autoScaling", "metrics").Index(i))...)
	}
	return errs
}

func (m *MetricsSpec) validateEnums(path *field.Path) field.ErrorList {
	errs := rules.OneOf(path.Child("type"), m.Type, ResourceMetricSourceType, ExternalMetricSourceType, PodMetricSourceType)
	if r := m.Resource; r != nil {
		errs = append(errs, rules.OneOf(path.Child("resource", "name"), r.Name, ResourceMetricCPU, ResourceMetricMemory)...)
		errs = append(errs, r.Target.Type.validate(path.Child("resource", "target", "type"))...)
	}
	if e := m.External; e != nil {
		errs = append(errs, rules.UnsetOrOneOf(path.Child("external", "metric", "backend"), e.Metric.Backend, PrometheusBackend, GraphiteBackend)...)
		errs = append(errs, e.Target.Type.validate(path.Child("external", "target", "type"))...)
	}
	if p := m.PodMetric; p != nil {
		errs = append(errs, rules.UnsetOrOneOf(path.Child("podmetric", "metric", "backend"), p.Metric.Backend, OpenTelemetryBackend)...)
		errs = append(errs, p.Target.Type.validate(path.Child("podmetric", "target", "type"))...)
	}
	return errs
}

func (t MetricTargetType) validate(path *field.Path) field.ErrorList {
	return rules.UnsetOrOneOf(path, t, UtilizationMetricType, ValueMetricType, AverageValueMetricType)
}

func (c *ComponentExtensionSpec) validateHPA(path *field.Path) field.ErrorList {
	metric := MetricCPU
	if c.ScaleMetric != nil {
		metric = *c.ScaleMetric
	}
	errs := rules.OneOf(path.Child("scaleMetric"), metric, MetricCPU, MetricMemory)
	if t := c.ScaleTarget; t != nil && *t < 1 {
		errs = append(errs, field.Invalid(path.Child("scaleTarget"), *t, "below 1; use 1 or more"))
	} else if t != nil && metric == MetricCPU && *t > 100 {
		errs = append(errs, field.Invalid(path.Child("scaleTarget"), *t, "for cpu this is a percentage of what the pods request; use 1 to 100"))
	}
	if c.AutoScaling == nil {
		return errs
	}
	for i, m := range c.AutoScaling.Metrics {
		at := path.Child("autoScaling", "metrics").Index(i)
		if m.Type != ResourceMetricSourceType {
			errs = append(errs, field.Invalid(at.Child("type"), string(m.Type),
				"autoscaler class hpa takes Resource metrics only; use Resource, or class keda"))
		} else if m.Resource == nil {
			errs = append(errs, field.Required(at.Child("resource"), "a Resource metric needs it; set name and target"))
		}
	}
	return errs
}

func (c *ComponentExtensionSpec) validateConcurrencyScaling(path *field.Path) field.ErrorList {
	metric := MetricConcurrency
	if c.ScaleMetric != nil {
		metric = *c.ScaleMetric
	}
	errs := rules.OneOf(path.Child("scaleMetric"), metric, MetricConcurrency, MetricRPS)
	if t := c.ScaleTarget; t != nil && metric == MetricRPS && *t < 1 {
		errs = append(errs, field.Invalid(path.Child("scaleTarget"), *t, "below 1; use 1 or more requests a second"))
	}
	return errs
}

func (c *ComponentExtensionSpec) validateKEDA(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.ScaleMetric != nil {
		errs = append(errs, field.Forbidden(path.Child("scaleMetric"),
			"autoscaler class keda does not take it; move it into autoScaling.metrics"))
	}
	if c.AutoScaling == nil {
		return errs
	}
	for i := range c.AutoScaling.Metrics {
		errs = append(errs, c.AutoScaling.Metrics[i].validateKEDA(path.Child("autoScaling", "metrics").Index(i))...)
	}
	return errs
}

func (m *MetricsSpec) validateKEDA(path *field.Path) field.ErrorList {
	const missing = "a metric of this type needs it; set it"
	switch m.Type {
	case ResourceMetricSourceType:
		if m.Resource == nil {
			return field.ErrorList{field.Required(path.Child("resource"), missing)}
		}
		return m.Resource.validateKEDA(path.Child("resource"))
	case ExternalMetricSourceType:
		if m.External == nil {
			return field.ErrorList{field.Required(path.Child("external"), missing)}
		}
		return validateQuery(m.External.Metric.Query, m.External.Target, path.Child("external"))
	default:
		if m.PodMetric == nil {
			return field.ErrorList{field.Required(path.Child("podmetric"), missing)}
		}
		return validateQuery(m.PodMetric.Metric.Query, m.PodMetric.Target, path.Child("podmetric"))
	}
}

func (r *ResourceMetricSource) validateKEDA(path *field.Path) field.ErrorList {
	target := path.Child("target")
	errs := r.Target.validateValue(target)
	kind := r.Target.Type
	switch {
	case r.Name == ResourceMetricCPU && kind != UtilizationMetricType:
		errs = append(errs, field.Invalid(target.Child("type"), string(kind), "cpu is scaled by utilization; use Utilization with averageUtilization"))
	case r.Name == ResourceMetricMemory && kind != UtilizationMetricType && kind != AverageValueMetricType:
		errs = append(errs, field.Invalid(target.Child("type"), string(kind), "memory is scaled by an average; use AverageValue or Utilization"))
	case r.Name == ResourceMetricMemory && kind == AverageValueMetricType && r.Target.AverageValue != nil:
		if least := resource.MustParse("1Mi"); r.Target.AverageValue.Quantity.Cmp(least) < 0 {
			errs = append(errs, field.Invalid(target.Child("averageValue"), r.Target.AverageValue.String(), "less than 1Mi of memory; use a larger quantity, such as 500Mi"))
		}
	}
	return errs
}

func validateQuery(query string, target MetricTarget, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if query == "" {
		errs = append(errs, field.Required(path.Child("metric", "query"), "the metric is read by a query; set it"))
	}
	if target.Value == nil {
		errs = append(errs, field.Required(path.Child("target", "value"), "the metric is compared with a value; set it"))
	}
	return append(errs, target.validateValue(path.Child("target"))...)
}

// validateValue holds that the field is set that the type names.
func (t *MetricTarget) validateValue(path *field.Path) field.ErrorList {
	unset := ""
	switch t.Type {
	case UtilizationMetricType:
		if u := t.AverageUtilization; u != nil && (*u < 1 || *u > 100) {
			return field.ErrorList{field.Invalid(path.Child("averageUtilization"), *u, "not a percentage; use 1 to 100")}
		} else if u == nil {
			unset = "averageUtilization"
		}
	case AverageValueMetricType:
		if t.AverageValue == nil {
			unset = "averageValue"
		}
	case ValueMetricType:
		// The value of a query is asked for by validateQuery, whatever the type.
		return nil
	}
	if unset == "" {
		return nil
	}
	return field.ErrorList{field.Required(path.Child(unset), fmt.Sprintf("a target of type %s needs it; set it", t.Type))}
}
