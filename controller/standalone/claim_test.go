package standalone

import (
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/controller/manifest"
)

func TestClaimDir(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"":            "/state/claims/team/data",
		"models":      "/manifests/models",
		"../models/":  "/models",
		"/srv/models": "/srv/models",
		"/srv/./a/..": "/srv",
	} {
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
			Namespace: "team", Name: "data", Annotations: map[string]string{annotationClaimPath: path},
		}}
		if got := claimDir(claim, "/manifests", "/state"); got != want {
			t.Errorf("%q stands for %s, want %s", path, got, want)
		}
	}
}

func TestManifestDirIsAbsolute(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"claim.yaml": here, "sub/claim.yaml": filepath.Join(here, "sub"), "/elsewhere/claim.yaml": "/elsewhere",
	} {
		if got := manifestDir(manifest.Source{File: file}); got != want {
			t.Errorf("%s stands in %s, want %s", file, got, want)
		}
	}
}
