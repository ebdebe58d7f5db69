package rollout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
)

// Digest is the SHA-256 of a template's JSON. The API types marshal their maps in order, so equal templates have
// equal digests in every run.
func Digest(t corev1.PodTemplateSpec) string {
	data, err := json.Marshal(t)
	if err != nil {
		// Quantities and times read from a manifest always marshal; a template that doesn't has no identity but its absence.
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
