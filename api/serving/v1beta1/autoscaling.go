package v1beta1

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
)

// ScaleMetric is what scaling follows.
type ScaleMetric = v1alpha1.ScaleMetric

// The metrics that scaling may follow.
const (
	MetricCPU         = v1alpha1.MetricCPU
	MetricMemory      = v1alpha1.MetricMemory
	MetricConcurrency = v1alpha1.MetricConcurrency
	MetricRPS         = v1alpha1.MetricRPS
)

// AutoScalingSpec is scaling by several metrics; the one that asks for most pods decides.
type AutoScalingSpec struct {
	// Metrics to follow.
	Metrics []MetricsSpec `json:"metrics,omitempty"`
	// Behavior bounds how fast the number of pods changes.
	Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior `json:"behavior,omitempty"`
}

// MetricsSpec is one metric: Type and the field that belongs to it.
type MetricsSpec struct {
	// Type says which of the other fields is set.
	Type MetricSourceType `json:"type"`
	// Resource is the pods' CPU or memory.
	Resource *ResourceMetricSource `json:"resource,omitempty"`
	// External is a metric of something outside the cluster.
	External *ExternalMetricSource `json:"external,omitempty"`
	// PodMetric is a metric that the pods themselves report.
	PodMetric *PodMetricSource `json:"podmetric,omitempty"`
}

// MetricSourceType is a kind of metric.
//
// +kubebuilder:validation:Enum=Resource;External;PodMetric
type MetricSourceType string

// The kinds of metric.
const (
	ResourceMetricSourceType MetricSourceType = "Resource"
	ExternalMetricSourceType MetricSourceType = "External"
	PodMetricSourceType      MetricSourceType = "PodMetric"
)

// ResourceMetric is a resource of a pod.
//
// +kubebuilder:validation:Enum=cpu;memory
type ResourceMetric string

// The resources that scaling may follow.
const (
	ResourceMetricCPU    ResourceMetric = "cpu"
	ResourceMetricMemory ResourceMetric = "memory"
)

// ResourceMetricSource is the pods' CPU or memory.
type ResourceMetricSource struct {
	// Name of the resource.
	Name ResourceMetric `json:"name"`
	// Target to aim at.
	Target MetricTarget `json:"target"`
}

// ExternalMetricSource is a metric of something outside the cluster.
type ExternalMetricSource struct {
	// Metric to read.
	Metric ExternalMetrics `json:"metric"`
	// Authentication towards the metric's server.
	Authentication *ExtMetricAuthentication `json:"authenticationRef,omitempty"`
	// Target to aim at.
	Target MetricTarget `json:"target"`
}

// PodMetricSource is a metric that the pods themselves report.
type PodMetricSource struct {
	// Metric to read.
	Metric PodMetrics `json:"metric"`
	// Target to aim at.
	Target MetricTarget `json:"target"`
}

// AuthenticationRef names a KEDA TriggerAuthentication.
type AuthenticationRef struct {
	// Name of the object.
	Name string `json:"name"`
}

// ExtMetricAuthentication is how a metric's server is authenticated to.
type ExtMetricAuthentication struct {
	// AuthenticationRef names the credentials.
	AuthenticationRef AuthenticationRef `json:"authenticationRef"`
	// AuthModes is bearer, basic or tls, or several with commas between.
	AuthModes string `json:"authModes,omitempty"`
}

// ExternalMetrics is a query to a server of metrics.
type ExternalMetrics struct {
	// Backend is prometheus or graphite.
	Backend MetricsBackend `json:"backend,omitempty"`
	// ServerAddress of the server.
	ServerAddress string `json:"serverAddress,omitempty"`
	// Query to send.
	Query string `json:"query,omitempty"`
	// Namespace that the query is restricted to.
	Namespace string `json:"namespace,omitempty"`
}

// MetricsBackend is a kind of server of metrics.
//
// +kubebuilder:validation:Enum=prometheus;graphite
type MetricsBackend string

// The kinds of server.
const (
	PrometheusBackend MetricsBackend = "prometheus"
	GraphiteBackend   MetricsBackend = "graphite"
)

// PodMetrics is a metric that the pods report to a collector.
type PodMetrics struct {
	// Backend is opentelemetry.
	Backend PodsMetricsBackend `json:"backend,omitempty"`
	// ServerAddress of the collector.
	ServerAddress string `json:"serverAddress,omitempty"`
	// MetricNames that are collected.
	MetricNames []string `json:"metricNames,omitempty"`
	// Query to send.
	Query string `json:"query,omitempty"`
	// OperationOverTime is last_one, avg, max, min, rate or count.
	OperationOverTime string `json:"operationOverTime,omitempty"`
}

// PodsMetricsBackend is a kind of collector.
//
// +kubebuilder:validation:Enum=opentelemetry
type PodsMetricsBackend string

// OpenTelemetryBackend is the one kind of collector.
const OpenTelemetryBackend PodsMetricsBackend = "opentelemetry"

// MetricTarget is the value to aim at: Type and the field that belongs to it.
type MetricTarget struct {
	// Type says which of the other fields is set.
	Type MetricTargetType `json:"type,omitempty"`
	// Value of the metric.
	Value *MetricQuantity `json:"value,omitempty"`
	// AverageValue of the metric over the pods.
	AverageValue *MetricQuantity `json:"averageValue,omitempty"`
	// AverageUtilization over the pods, in percent of what they request.
	AverageUtilization *int32 `json:"averageUtilization,omitempty"`
}

// MetricTargetType is how a target is meant.
//
// +kubebuilder:validation:Enum=Utilization;Value;AverageValue
type MetricTargetType string

// The ways a target may be meant.
const (
	UtilizationMetricType  MetricTargetType = "Utilization"
	ValueMetricType        MetricTargetType = "Value"
	AverageValueMetricType MetricTargetType = "AverageValue"
)
