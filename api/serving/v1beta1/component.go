package v1beta1

import appsv1 "k8s.io/api/apps/v1"

// ComponentType is one of the parts of a service.
type ComponentType string

// The components.
const (
	PredictorComponent   ComponentType = "predictor"
	TransformerComponent ComponentType = "transformer"
	ExplainerComponent   ComponentType = "explainer"
)

// ComponentExtensionSpec is how a component is deployed, the same for all components.
type ComponentExtensionSpec struct {
	// MinReplicas is the least number of pods, 1 if unset; 0 lets the component sleep.
	MinReplicas *int32 `json:"minReplicas,omitempty"`
	// MaxReplicas is the greatest number of pods; 0 stands for unset.
	MaxReplicas int32 `json:"maxReplicas,omitempty"`
	// ScaleTarget is the value of ScaleMetric that scaling aims at.
	ScaleTarget *int32 `json:"scaleTarget,omitempty"`
	// ScaleMetric is what scaling follows.
	ScaleMetric *ScaleMetric `json:"scaleMetric,omitempty"`
	// ScaleMetricType is how ScaleTarget is meant.
	ScaleMetricType *MetricTargetType `json:"scaleMetricType,omitempty"`
	// AutoScaling is scaling by several metrics.
	AutoScaling *AutoScalingSpec `json:"autoScaling,omitempty"`
	// ContainerConcurrency is the number of requests that a pod takes at once; 0 stands for no bound.
	ContainerConcurrency *int64 `json:"containerConcurrency,omitempty"`
	// TimeoutSeconds bounds a request, in seconds.
	TimeoutSeconds *int64 `json:"timeout,omitempty"`
	// CanaryTrafficPercent is the share of the newest revision, 0 to 100; the last rolled-out one takes the rest.
	CanaryTrafficPercent *int64 `json:"canaryTrafficPercent,omitempty"`
	// Logger sends requests and answers somewhere.
	Logger *LoggerSpec `json:"logger,omitempty"`
	// Batcher joins requests.
	Batcher *Batcher `json:"batcher,omitempty"`
	// Labels of the component's pods, above those of the InferenceService.
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations of the component's pods, above those of the InferenceService.
	Annotations map[string]string `json:"annotations,omitempty"`
	// DeploymentStrategy replaces the Deployment's strategy.
	DeploymentStrategy *appsv1.DeploymentStrategy `json:"deploymentStrategy,omitempty"`
}

// Batcher joins V1 requests into one.
type Batcher struct {
	// MaxBatchSize is the greatest number of instances in a batch.
	MaxBatchSize *int `json:"maxBatchSize,omitempty"`
	// MaxLatency is how long a request may wait for others, in milliseconds.
	MaxLatency *int `json:"maxLatency,omitempty"`
	// Timeout of a batch, in seconds.
	Timeout *int `json:"timeout,omitempty"`
}
