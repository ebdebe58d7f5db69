package v1alpha1

import (
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

func (s *ScalingSpec) validate(path *field.Path) field.ErrorList {
	if s == nil {
		return nil
	}
	errs := rules.AtLeast(path.Child("minReplicas"), s.MinReplicas, 1)
	errs = append(errs, rules.AtLeast(path.Child("maxReplicas"), &s.MaxReplicas, 1)...)
	if s.MinReplicas != nil && *s.MinReplicas > s.MaxReplicas {
		errs = append(errs, field.Invalid(path.Child("minReplicas"), *s.MinReplicas,
			fmt.Sprintf("more than maxReplicas, which is %d; lower the one or raise the other", s.MaxReplicas)))
	}
	switch {
	case s.WVA != nil && s.KEDA != nil:
		return append(errs, field.Forbidden(path.Child("keda"), "wva and keda exclude each other; keep one of them"))
	case s.WVA != nil:
		return append(errs, s.WVA.validate(path.Child("wva"), s.MinReplicas)...)
	case s.KEDA != nil:
		if len(s.KEDA.Triggers) == 0 {
			errs = append(errs, field.Required(path.Child("keda", "triggers"), "without a trigger nothing scales; add one"))
		}
		return append(errs, s.KEDA.validate(path.Child("keda"), s.MinReplicas)...)
	}
	return append(errs, field.Required(path.Child("wva"), "scaling follows the metrics of inference or triggers of one's own; set wva or keda"))
}

func (w *WVASpec) validate(path *field.Path, least *int32) field.ErrorList {
	var errs field.ErrorList
	if cost := w.VariantCost; cost != "" && !regexp.MustCompile(`^\d+(\.\d+)?$`).MatchString(cost) {
		errs = append(errs, field.Invalid(path.Child("variantCost"), cost, `not a cost; write a decimal in quotes, such as "10.0"`))
	}
	switch {
	case w.HPA != nil && w.KEDA != nil:
		errs = append(errs, field.Forbidden(path.Child("keda"), "hpa and keda exclude each other; keep one of them"))
	case w.HPA == nil && w.KEDA == nil:
		errs = append(errs, field.Required(path.Child("hpa"), "something carries the decision out; set hpa or keda"))
	}
	if w.KEDA == nil {
		return errs
	}
	at := path.Child("keda")
	if a := w.KEDA.Advanced; a != nil && a.ScalingModifiers != (KEDAScalingModifiers{}) {
		errs = append(errs, field.Forbidden(at.Child("advanced", "scalingModifiers"), "the autoscaler has a formula of its own; remove scalingModifiers"))
	}
	return append(errs, w.KEDA.validate(at, least)...)
}

func (k *KEDAScalingSpec) validate(path *field.Path, least *int32) field.ErrorList {
	errs := rules.AtLeast(path.Child("pollingInterval"), k.PollingInterval, 1)
	errs = append(errs, rules.AtLeast(path.Child("cooldownPeriod"), k.CooldownPeriod, 0)...)
	errs = append(errs, rules.AtLeast(path.Child("initialCooldownPeriod"), k.InitialCooldownPeriod, 0)...)
	errs = append(errs, rules.AtLeast(path.Child("idleReplicaCount"), k.IdleReplicaCount, 0)...)
	if f := k.Fallback; f != nil {
		errs = append(errs, rules.UnsetOrOneOf(path.Child("fallback", "behavior"), f.Behavior,
			FallbackStatic, FallbackCurrentReplicas, FallbackCurrentReplicasIfHigher, FallbackCurrentReplicasIfLower)...)
	}
	if a := k.Advanced; a != nil {
		errs = append(errs, rules.UnsetOrOneOf(path.Child("advanced", "scalingModifiers", "metricType"), a.ScalingModifiers.MetricType, KEDAAverageValue, KEDAValue)...)
		if h := a.HorizontalPodAutoscalerConfig; h != nil && h.Name != "" {
			errs = append(errs, field.Forbidden(path.Child("advanced", "horizontalPodAutoscalerConfig", "name"), "the controller chooses the name; remove it"))
		}
	}
	// Unset, the least number of replicas is 1 by the schema.
	bound := int32(1)
	if least != nil {
		bound = *least
	}
	if n := k.IdleReplicaCount; n != nil && *n >= bound {
		errs = append(errs, field.Invalid(path.Child("idleReplicaCount"), *n,
			fmt.Sprintf("the number without load must be less than minReplicas, which is %d; lower it, or raise minReplicas", bound)))
	}
	return errs
}

// SameScaling holds that the two phases of a model are scaled by the same means, so that their decisions go together. prefill may be nil.
func SameScaling(decode, prefill *WorkloadSpec, path *field.Path) field.ErrorList {
	if prefill == nil || decode.Scaling == nil || prefill.Scaling == nil {
		return nil
	}
	one, other := decode.Scaling.means(), prefill.Scaling.means()
	if one == other {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("scaling"), other,
		fmt.Sprintf("the pods that decode are scaled by %s, and both must be scaled alike; use the same", one))}
}

func (s *ScalingSpec) means() string {
	switch {
	case s.KEDA != nil:
		return "keda"
	case s.WVA != nil && s.WVA.HPA != nil:
		return "wva with hpa"
	default:
		return "wva with keda"
	}
}
