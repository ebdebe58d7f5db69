package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
)

// Addressable is where an object is reached from inside the cluster.
type Addressable = v1alpha1.Addressable

// InferenceServiceStatus is what became of a service.
type InferenceServiceStatus struct {
	v1alpha1.Status `json:",inline"`

	// Address is where the service is reached from inside the cluster.
	Address *Addressable `json:"address,omitempty"`
	// URL is where the service is reached from outside.
	URL string `json:"url,omitempty"`
	// Components by type.
	Components map[ComponentType]ComponentStatusSpec `json:"components,omitempty"`
	// ModelStatus is how far the model is loaded.
	//
	// +optional
	ModelStatus ModelStatus `json:"modelStatus,omitzero"`
	// CanaryStatuses are in the order of spec.canary.
	//
	// +listType=atomic
	CanaryStatuses []CanaryStatus `json:"canaryStatuses,omitempty"`
	// DeploymentMode is the mode that the service was deployed in; it does not change.
	DeploymentMode string `json:"deploymentMode,omitempty"`
	// ServingRuntimeName is the namespace's runtime that serves.
	ServingRuntimeName string `json:"servingRuntimeName,omitempty"`
	// ClusterServingRuntimeName is the cluster's runtime that serves.
	ClusterServingRuntimeName string `json:"clusterServingRuntimeName,omitempty"`
}

// ComponentStatusSpec is what became of a component.
type ComponentStatusSpec struct {
	// LatestReadyRevision is the newest revision that has been ready.
	LatestReadyRevision string `json:"latestReadyRevision,omitempty"`
	// LatestCreatedRevision is the newest revision.
	LatestCreatedRevision string `json:"latestCreatedRevision,omitempty"`
	// PreviousRolledoutRevision is the one that had all traffic before LatestRolledoutRevision.
	PreviousRolledoutRevision string `json:"previousRolledoutRevision,omitempty"`
	// LatestRolledoutRevision is the newest revision that has had all traffic.
	LatestRolledoutRevision string `json:"latestRolledoutRevision,omitempty"`
	// Traffic is each revision's share.
	Traffic []TrafficTarget `json:"traffic,omitempty"`
	// URL is where the component is reached from outside.
	URL string `json:"url,omitempty"`
	// RestURL is where the component's HTTP protocol is reached.
	RestURL string `json:"restUrl,omitempty"`
	// GrpcURL is where the component's gRPC protocol is reached.
	GrpcURL string `json:"grpcUrl,omitempty"`
	// Address is where the component is reached from inside the cluster.
	Address *Addressable `json:"address,omitempty"`
}

// TrafficTarget is one revision's share, in the form that KServe's statuses take from Knative.
type TrafficTarget struct {
	// Tag names the revision in a host of its own.
	Tag string `json:"tag,omitempty"`
	// RevisionName of the revision.
	RevisionName string `json:"revisionName,omitempty"`
	// ConfigurationName of the configuration that the revision belongs to.
	ConfigurationName string `json:"configurationName,omitempty"`
	// LatestRevision is true for the newest revision.
	LatestRevision *bool `json:"latestRevision,omitempty"`
	// Percent of the traffic, 0 to 100.
	Percent *int64 `json:"percent,omitempty"`
	// URL of the revision's own host.
	URL string `json:"url,omitempty"`
}

// CanaryStatus is what became of a canary.
type CanaryStatus struct {
	// Name of the canary's predictor.
	Name string `json:"name"`
	// Ready is true once the canary takes traffic.
	Ready bool `json:"ready"`
	// TrafficPercent that the spec gives it.
	TrafficPercent int32 `json:"trafficPercent"`
	// ModelStatus is how far its model is loaded.
	//
	// +optional
	ModelStatus ModelStatus `json:"modelStatus,omitzero"`
}

// ModelStatus is how far a model is loaded.
type ModelStatus struct {
	// TransitionStatus is how far the latest change is.
	//
	// +kubebuilder:default=UpToDate
	TransitionStatus TransitionStatus `json:"transitionStatus"`
	// ModelRevisionStates are the states of the serving and of the coming model.
	ModelRevisionStates *ModelRevisionStates `json:"states,omitempty"`
	// LastFailureInfo is the last failure.
	LastFailureInfo *FailureInfo `json:"lastFailureInfo,omitempty"`
	// ModelCopies counts the pods that hold the model.
	ModelCopies *ModelCopies `json:"copies,omitempty"`
}

// TransitionStatus is how far a change is.
//
// +kubebuilder:validation:Enum="";UpToDate;InProgress;BlockedByFailedLoad;InvalidSpec
type TransitionStatus string

// How far a change may be.
const (
	// TransitionUpToDate: what serves is what the spec says.
	TransitionUpToDate TransitionStatus = "UpToDate"
	// TransitionInProgress: the new model is being loaded.
	TransitionInProgress TransitionStatus = "InProgress"
	// TransitionBlockedByFailedLoad: the new model could not be loaded.
	TransitionBlockedByFailedLoad TransitionStatus = "BlockedByFailedLoad"
	// TransitionInvalidSpec: nothing can be made of the spec.
	TransitionInvalidSpec TransitionStatus = "InvalidSpec"
)

// ModelRevisionStates are the states of the serving and of the coming model.
type ModelRevisionStates struct {
	// ActiveModelState is the state of the model that serves.
	//
	// +kubebuilder:default=Pending
	ActiveModelState ModelState `json:"activeModelState"`
	// TargetModelState is the state of the model that the spec asks for.
	//
	// +kubebuilder:default=""
	TargetModelState ModelState `json:"targetModelState,omitempty"`
}

// ModelState is how far a model is.
//
// +kubebuilder:validation:Enum="";Pending;Standby;Loading;Loaded;FailedToLoad
type ModelState string

// How far a model may be.
const (
	ModelPending      ModelState = "Pending"
	ModelStandby      ModelState = "Standby"
	ModelLoading      ModelState = "Loading"
	ModelLoaded       ModelState = "Loaded"
	ModelFailedToLoad ModelState = "FailedToLoad"
)

// ModelCopies counts the pods that hold a model.
type ModelCopies struct {
	// FailedCopies are those that could not load it.
	//
	// +kubebuilder:default=0
	FailedCopies int `json:"failedCopies"`
	// TotalCopies are those that hold it.
	TotalCopies int `json:"totalCopies,omitempty"`
}

// FailureReason is why a model does not serve, in one word.
//
// +kubebuilder:validation:Enum=ModelLoadFailed;RuntimeUnhealthy;RuntimeDisabled;NoSupportingRuntime;RuntimeNotRecognized;InvalidPredictorSpec;InvalidWorkerSpecNotSet;InvalidGPUAllocation
type FailureReason string

// Why a model may not serve.
const (
	FailureModelLoadFailed        FailureReason = "ModelLoadFailed"
	FailureRuntimeUnhealthy       FailureReason = "RuntimeUnhealthy"
	FailureRuntimeDisabled        FailureReason = "RuntimeDisabled"
	FailureNoSupportingRuntime    FailureReason = "NoSupportingRuntime"
	FailureRuntimeNotRecognized   FailureReason = "RuntimeNotRecognized"
	FailureInvalidPredictorSpec   FailureReason = "InvalidPredictorSpec"
	FailureInvalidWorkerSpecUnset FailureReason = "InvalidWorkerSpecNotSet"
	FailureInvalidGPUAllocation   FailureReason = "InvalidGPUAllocation"
)

// FailureInfo is a failure of a model.
type FailureInfo struct {
	// Location is the pod or component that failed.
	Location string `json:"location,omitempty"`
	// Reason in one word.
	Reason FailureReason `json:"reason,omitempty"`
	// Message says what happened and what to do.
	Message string `json:"message,omitempty"`
	// ModelRevisionName is the revision that failed.
	ModelRevisionName string `json:"modelRevisionName,omitempty"`
	// Time of the failure.
	Time *metav1.Time `json:"time,omitempty"`
	// ExitCode of the process that failed.
	ExitCode int32 `json:"exitCode,omitempty"`
}
