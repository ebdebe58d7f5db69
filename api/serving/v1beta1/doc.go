// Package v1beta1 holds KServe's InferenceService, group serving.kserve.io, as types of our own: the wire form
// is KServe's, field by field, and nothing of KServe or Knative is imported. Beside the types stand the two
// pure steps of admission: Default fills in what KServe's webhook fills in, Validate says what is wrong.
//
// +kubebuilder:object:generate=true
// +groupName=serving.kserve.io
package v1beta1
