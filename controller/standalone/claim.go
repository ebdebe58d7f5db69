package standalone

import (
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
)

// annotationClaimPath names the directory that a PersistentVolumeClaim stands for, relative to its manifest.
const annotationClaimPath = "sluice.dev/path"

// claimDir is the directory that a claim stands for: the one that it names, from where its manifest stands, else one of
// its own in the state directory, which outlives its pods. manifestDir and stateDir are absolute, and so is the result.
func claimDir(claim *corev1.PersistentVolumeClaim, manifestDir, stateDir string) string {
	path := claim.Annotations[annotationClaimPath]
	switch {
	case path == "":
		return filepath.Join(stateDir, "claims", claim.Namespace, claim.Name)
	case filepath.IsAbs(path):
		return filepath.Clean(path)
	}
	return filepath.Join(manifestDir, path)
}
