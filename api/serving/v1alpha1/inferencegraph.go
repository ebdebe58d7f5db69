package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// InferenceGraph answers one request by several InferenceServices, in a row, side by side or by choice.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=inferencegraphs,shortName=ig
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.url`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=='Ready')].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type InferenceGraph struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec InferenceGraphSpec `json:"spec,omitempty"`
	// Status is what became of it, written by the controller.
	//
	// +optional
	Status InferenceGraphStatus `json:"status,omitzero"`
}

// InferenceGraphList is a list of InferenceGraphs.
//
// +kubebuilder:object:root=true
type InferenceGraphList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []InferenceGraph `json:"items"`
}

// GraphRoot is the node that each graph begins with.
const GraphRoot = "root"

// InferenceGraphSpec is the graph's nodes and the pod that walks them.
type InferenceGraphSpec struct {
	// Nodes by name; "root" must be among them.
	Nodes map[string]InferenceRouter `json:"nodes"`
	// Resources of the graph's pod.
	//
	// +optional
	Resources corev1.ResourceRequirements `json:"resources,omitzero"`
	// Affinity of the graph's pod.
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// TimeoutSeconds bounds a request, in seconds.
	TimeoutSeconds *int64 `json:"timeout,omitempty"`
	// RouterTimeouts bound the single parts of a request.
	RouterTimeouts *InferenceGraphRouterTimeouts `json:"routerTimeouts,omitempty"`
	// MinReplicas is the least number of pods, 1 if unset.
	MinReplicas *int32 `json:"minReplicas,omitempty"`
	// MaxReplicas is the greatest number of pods.
	MaxReplicas int32 `json:"maxReplicas,omitempty"`
	// ScaleTarget is the value of ScaleMetric that scaling aims at.
	ScaleTarget *int32 `json:"scaleTarget,omitempty"`
	// ScaleMetric is cpu, memory, concurrency or rps.
	ScaleMetric *ScaleMetric `json:"scaleMetric,omitempty"`
	// Tolerations of the graph's pod.
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// NodeSelector of the graph's pod.
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// NodeName binds the graph's pod to a node.
	NodeName string `json:"nodeName,omitempty"`
	// ServiceAccountName of the graph's pod.
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

// ScaleMetric is what scaling follows.
//
// +kubebuilder:validation:Enum=cpu;memory;concurrency;rps
type ScaleMetric string

// The metrics that scaling may follow.
const (
	MetricCPU         ScaleMetric = "cpu"
	MetricMemory      ScaleMetric = "memory"
	MetricConcurrency ScaleMetric = "concurrency"
	MetricRPS         ScaleMetric = "rps"
)

// InferenceGraphRouterTimeouts bound the single parts of a request, each in seconds.
type InferenceGraphRouterTimeouts struct {
	// ServerRead bounds the reading of a request.
	ServerRead *int64 `json:"serverRead,omitempty"`
	// ServerWrite bounds the writing of an answer.
	ServerWrite *int64 `json:"serverWrite,omitempty"`
	// ServerIdle is how long an idle connection is kept.
	ServerIdle *int64 `json:"serverIdle,omitempty"`
	// ServiceClient bounds each step's call.
	ServiceClient *int64 `json:"serviceClient,omitempty"`
}

// InferenceRouterType says how a node treats its steps.
//
// +kubebuilder:validation:Enum=Sequence;Splitter;Ensemble;Switch
type InferenceRouterType string

// The kinds of node.
const (
	// RouterSequence takes the steps in a row, each fed by the one before.
	RouterSequence InferenceRouterType = "Sequence"
	// RouterSplitter takes one step, drawn by weight.
	RouterSplitter InferenceRouterType = "Splitter"
	// RouterEnsemble takes all steps at once and merges the answers.
	RouterEnsemble InferenceRouterType = "Ensemble"
	// RouterSwitch takes the first step whose condition holds.
	RouterSwitch InferenceRouterType = "Switch"
)

// InferenceRouter is one node.
type InferenceRouter struct {
	// RouterType says how the steps are taken.
	RouterType InferenceRouterType `json:"routerType"`
	// Steps in their order.
	Steps []InferenceStep `json:"steps,omitempty"`
}

// InferenceTarget is where a step leads: exactly one of its fields is set.
type InferenceTarget struct {
	// NodeName is another node of the graph.
	NodeName string `json:"nodeName,omitempty"`
	// ServiceName is an InferenceService of the graph's namespace.
	ServiceName string `json:"serviceName,omitempty"`
	// ServiceURL is any address.
	ServiceURL string `json:"serviceUrl,omitempty"`
}

// StepDependency says what a failed step means for its node.
//
// +kubebuilder:validation:Enum=Soft;Hard
type StepDependency string

// The kinds of dependency.
const (
	// DependencySoft goes on after a failed step.
	DependencySoft StepDependency = "Soft"
	// DependencyHard ends the request with a failed step's answer.
	DependencyHard StepDependency = "Hard"
)

// InferenceStep is one call of a node.
type InferenceStep struct {
	// StepName is unique within the node.
	StepName string `json:"name,omitempty"`

	InferenceTarget `json:",inline"`

	// Data is what the step is fed with: $request, or $response of the step before.
	Data string `json:"data,omitempty"`
	// MapPredictionsToInstances renames the V1 answer's predictions to instances for the next step.
	MapPredictionsToInstances bool `json:"mapPredictionsToInstances,omitempty"`
	// Weight is the step's share of a Splitter, in percent.
	Weight *int64 `json:"weight,omitempty"`
	// Condition is a GJSON path that must match for a Switch or a Sequence to take the step.
	Condition string `json:"condition,omitempty"`
	// Dependency says what this step's failure means.
	Dependency StepDependency `json:"dependency,omitempty"`
}

// InferenceGraphStatus is what became of a graph.
type InferenceGraphStatus struct {
	Status `json:",inline"`

	// URL is where the graph is reached.
	URL string `json:"url,omitempty"`
	// DeploymentMode is Standard or Knative.
	DeploymentMode string `json:"deploymentMode,omitempty"`
}
