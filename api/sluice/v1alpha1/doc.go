// Package v1alpha1 holds Sluice's own kinds, group sluice.dev.
//
// +kubebuilder:object:generate=true
// +groupName=sluice.dev
package v1alpha1
