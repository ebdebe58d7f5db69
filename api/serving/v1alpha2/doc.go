// Package v1alpha2 holds the v1alpha2 kinds of KServe's API group serving.kserve.io as types of our own: LLMInferenceService and its config.
// What both versions have alike is v1alpha1's.
//
// +kubebuilder:object:generate=true
// +groupName=serving.kserve.io
package v1alpha2
