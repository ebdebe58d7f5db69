// Package v1alpha1 holds the v1alpha1 kinds of KServe's API group serving.kserve.io as types of our own: the
// wire form is KServe's, field by field, and nothing of KServe or Knative is imported.
//
// +kubebuilder:object:generate=true
// +groupName=serving.kserve.io
package v1alpha1
