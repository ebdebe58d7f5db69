package v1alpha1

import autoscalingv2 "k8s.io/api/autoscaling/v2"

// ScalingSpec lets the number of replicas follow the load: by the Workload Variant Autoscaler, or by triggers of KEDA.
//
// +kubebuilder:validation:XValidation:rule="has(self.wva) || has(self.keda)",message="one of wva and keda must be set"
// +kubebuilder:validation:XValidation:rule="!(has(self.wva) && has(self.keda))",message="wva and keda exclude each other"
// +kubebuilder:validation:XValidation:rule="!has(self.keda) || size(self.keda.triggers) > 0",message="keda needs a trigger"
// +kubebuilder:validation:XValidation:rule="!has(self.minReplicas) || self.minReplicas <= self.maxReplicas",message="minReplicas is more than maxReplicas"
// +kubebuilder:validation:XValidation:rule="!has(self.wva) || !has(self.wva.keda) || !has(self.wva.keda.idleReplicaCount) || has(self.minReplicas)",message="idleReplicaCount needs minReplicas"
// +kubebuilder:validation:XValidation:rule="!has(self.wva) || !has(self.wva.keda) || !has(self.wva.keda.idleReplicaCount) || !has(self.minReplicas) || self.wva.keda.idleReplicaCount < self.minReplicas",message="idleReplicaCount must be less than minReplicas: it is the number of replicas without load"
// +kubebuilder:validation:XValidation:rule="!has(self.keda) || !has(self.keda.idleReplicaCount) || has(self.minReplicas)",message="idleReplicaCount needs minReplicas"
// +kubebuilder:validation:XValidation:rule="!has(self.keda) || !has(self.keda.idleReplicaCount) || !has(self.minReplicas) || self.keda.idleReplicaCount < self.minReplicas",message="idleReplicaCount must be less than minReplicas: it is the number of replicas without load"
type ScalingSpec struct {
	// MinReplicas is the least number of replicas under load.
	//
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	MinReplicas *int32 `json:"minReplicas,omitempty"`
	// MaxReplicas is the greatest number of replicas.
	//
	// +kubebuilder:validation:Minimum=1
	MaxReplicas int32 `json:"maxReplicas"`
	// WVA scales by the metrics of inference, such as cache in use and requests that wait.
	WVA *WVASpec `json:"wva,omitempty"`
	// KEDA scales by triggers of one's own.
	KEDA *DirectKEDAScalingSpec `json:"keda,omitempty"`
}

// WVASpec is scaling by the Workload Variant Autoscaler.
//
// +kubebuilder:validation:XValidation:rule="!has(self.keda) || !has(self.keda.advanced) || (size(self.keda.advanced.scalingModifiers.formula) == 0 && size(self.keda.advanced.scalingModifiers.target) == 0 && size(self.keda.advanced.scalingModifiers.activationTarget) == 0 && size(self.keda.advanced.scalingModifiers.metricType) == 0)",message="scalingModifiers are the autoscaler's own; remove them"
type WVASpec struct {
	// VariantCost is what a replica costs beside those of other variants, as a decimal.
	//
	// +kubebuilder:default="10.0"
	// +kubebuilder:validation:Pattern=`^\d+(\.\d+)?$`
	VariantCost string `json:"variantCost,omitempty"`

	ActuatorSpec `json:",inline"`
}

// ActuatorSpec is what carries the autoscaler's decision out: exactly one of its fields is set.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.hpa) && has(self.keda))",message="hpa and keda exclude each other"
// +kubebuilder:validation:XValidation:rule="has(self.hpa) || has(self.keda)",message="one of hpa and keda must be set"
type ActuatorSpec struct {
	// HPA is a HorizontalPodAutoscaler, which reads the decision from the metrics API.
	HPA *HPAScalingSpec `json:"hpa,omitempty"`
	// KEDA is a ScaledObject, which reads the decision from Prometheus.
	KEDA *KEDAScalingSpec `json:"keda,omitempty"`
}

// HPAScalingSpec is a HorizontalPodAutoscaler's part.
type HPAScalingSpec struct {
	// Behavior bounds how fast the number of replicas changes.
	Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior `json:"behavior,omitempty"`
}

// KEDAScalingSpec is a ScaledObject's part, in the form of KEDA.
//
// +kubebuilder:validation:XValidation:rule="!has(self.advanced) || !has(self.advanced.horizontalPodAutoscalerConfig) || size(self.advanced.horizontalPodAutoscalerConfig.name) == 0",message="the HorizontalPodAutoscaler's name is the controller's to choose"
type KEDAScalingSpec struct {
	// PollingInterval is the time between two looks at the triggers, in seconds.
	//
	// +kubebuilder:validation:Minimum=1
	PollingInterval *int32 `json:"pollingInterval,omitempty"`
	// CooldownPeriod is the time without load after which the number of replicas falls to its least, in seconds.
	//
	// +kubebuilder:validation:Minimum=0
	CooldownPeriod *int32 `json:"cooldownPeriod,omitempty"`
	// InitialCooldownPeriod is the time before the first look at the triggers, in seconds.
	//
	// +kubebuilder:validation:Minimum=0
	InitialCooldownPeriod *int32 `json:"initialCooldownPeriod,omitempty"`
	// IdleReplicaCount is the number of replicas without load, less than the least number under load.
	//
	// +kubebuilder:validation:Minimum=0
	IdleReplicaCount *int32 `json:"idleReplicaCount,omitempty"`
	// Fallback is the number of replicas while the metrics can't be read.
	Fallback *KEDAFallback `json:"fallback,omitempty"`
	// Advanced has the settings of the HorizontalPodAutoscaler that KEDA makes.
	Advanced *KEDAAdvanced `json:"advanced,omitempty"`
}

// DirectKEDAScalingSpec is a ScaledObject with triggers of one's own.
type DirectKEDAScalingSpec struct {
	KEDAScalingSpec `json:",inline"`

	// Triggers that the number of replicas follows.
	//
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	Triggers []KEDATrigger `json:"triggers"`
}

// KEDAFallback is the number of replicas while the metrics can't be read.
type KEDAFallback struct {
	// FailureThreshold is the number of failed looks after which it holds.
	FailureThreshold int32 `json:"failureThreshold"`
	// Replicas while it holds.
	Replicas int32 `json:"replicas"`
	// Behavior says how Replicas is meant beside the present number.
	//
	// +kubebuilder:default=static
	Behavior KEDAFallbackBehavior `json:"behavior,omitempty"`
}

// KEDAFallbackBehavior is how a fallback's number is meant.
//
// +kubebuilder:validation:Enum=static;currentReplicas;currentReplicasIfHigher;currentReplicasIfLower
type KEDAFallbackBehavior string

// The ways a fallback's number may be meant.
const (
	FallbackStatic                  KEDAFallbackBehavior = "static"
	FallbackCurrentReplicas         KEDAFallbackBehavior = "currentReplicas"
	FallbackCurrentReplicasIfHigher KEDAFallbackBehavior = "currentReplicasIfHigher"
	FallbackCurrentReplicasIfLower  KEDAFallbackBehavior = "currentReplicasIfLower"
)

// KEDAAdvanced has the settings of the HorizontalPodAutoscaler that KEDA makes.
type KEDAAdvanced struct {
	// HorizontalPodAutoscalerConfig is its behaviour.
	HorizontalPodAutoscalerConfig *KEDAHorizontalPodAutoscaler `json:"horizontalPodAutoscalerConfig,omitempty"`
	// RestoreToOriginalReplicaCount has the number of replicas go back once the ScaledObject is deleted.
	RestoreToOriginalReplicaCount bool `json:"restoreToOriginalReplicaCount,omitempty"`
	// ScalingModifiers make one metric of several by a formula.
	//
	// +optional
	ScalingModifiers KEDAScalingModifiers `json:"scalingModifiers,omitempty"`
}

// KEDAHorizontalPodAutoscaler is the HorizontalPodAutoscaler that KEDA makes.
type KEDAHorizontalPodAutoscaler struct {
	// Behavior bounds how fast the number of replicas changes.
	Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior `json:"behavior,omitempty"`
	// Name must not be set: the controller chooses it.
	Name string `json:"name,omitempty"`
}

// KEDAScalingModifiers make one metric of several by a formula.
type KEDAScalingModifiers struct {
	// Formula over the triggers' names.
	Formula string `json:"formula,omitempty"`
	// Target of the formula's value.
	Target string `json:"target,omitempty"`
	// ActivationTarget is the value from which on there is load.
	ActivationTarget string `json:"activationTarget,omitempty"`
	// MetricType is how Target is meant.
	MetricType KEDAMetricType `json:"metricType,omitempty"`
}

// KEDAMetricType is how a formula's target is meant.
//
// +kubebuilder:validation:Enum=AverageValue;Value
type KEDAMetricType string

// The ways a formula's target may be meant.
const (
	KEDAAverageValue KEDAMetricType = "AverageValue"
	KEDAValue        KEDAMetricType = "Value"
)

// KEDATrigger is one source of load.
type KEDATrigger struct {
	// Type of the trigger, such as prometheus.
	Type string `json:"type"`
	// Name by which a formula refers to it.
	Name string `json:"name,omitempty"`
	// UseCachedMetrics has the metric read once in each polling interval.
	UseCachedMetrics bool `json:"useCachedMetrics,omitempty"`
	// Metadata are the trigger's settings, which its type defines.
	Metadata map[string]string `json:"metadata"`
	// AuthenticationRef names what the trigger authenticates with.
	AuthenticationRef *KEDAAuthentication `json:"authenticationRef,omitempty"`
	// MetricType is how the trigger's target is meant.
	MetricType string `json:"metricType,omitempty"`
}

// KEDAAuthentication names a TriggerAuthentication.
type KEDAAuthentication struct {
	// Name of the object.
	Name string `json:"name"`
	// Kind of the object, TriggerAuthentication if empty.
	Kind string `json:"kind,omitempty"`
}
