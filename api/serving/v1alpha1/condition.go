package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ConditionType names one aspect of an object's state.
type ConditionType string

// ConditionReady is True when the object as a whole serves.
const ConditionReady ConditionType = "Ready"

// ConditionSeverity says how much a condition weighs. It is empty for those that Ready depends on.
type ConditionSeverity string

// SeverityInfo marks a condition that Ready does not depend on.
const SeverityInfo ConditionSeverity = "Info"

// Condition is one aspect of an object's state, in the form that KServe's statuses take from Knative.
type Condition struct {
	// Type names the aspect; no type stands twice in a list.
	Type ConditionType `json:"type"`
	// Status is True, False or Unknown.
	Status corev1.ConditionStatus `json:"status"`
	// Severity is empty, or Info for a condition that Ready does not depend on.
	Severity ConditionSeverity `json:"severity,omitempty"`
	// LastTransitionTime is when Status last changed.
	//
	// +optional
	LastTransitionTime metav1.Time `json:"lastTransitionTime,omitzero"`
	// Reason is one word in CamelCase, for programs.
	Reason string `json:"reason,omitempty"`
	// Message says to a person what is the matter and what to do.
	Message string `json:"message,omitempty"`
}

// Status is what the statuses of all kinds begin with.
type Status struct {
	// ObservedGeneration is the metadata.generation that the status was made from.
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Conditions are sorted by type.
	Conditions []Condition `json:"conditions,omitempty"`
	// Annotations hold what does not fit a field.
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Addressable is where an object is reached from inside the cluster.
type Addressable struct {
	// Name tells several addresses apart; it may be empty.
	Name string `json:"name,omitempty"`
	// URL is the address.
	URL string `json:"url,omitempty"`
	// CACerts is the PEM bundle to verify the address with, if it speaks TLS with a private authority.
	CACerts string `json:"CACerts,omitempty"`
	// Audience is the OIDC audience of the address.
	Audience string `json:"audience,omitempty"`
}
