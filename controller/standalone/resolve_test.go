package standalone

import (
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

func TestRelativePathsAreMeantFromTheManifest(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"models/m.onnx": "model"})
	model := func(uri string) v1beta1.PredictorSpec {
		var p v1beta1.PredictorSpec
		p.Model = &v1beta1.ModelSpec{}
		p.Model.StorageURI = &uri
		return p
	}
	for uri, want := range map[string]string{
		"file://./models/m.onnx":          fileScheme + filepath.Join(dir, "models/m.onnx"),
		"file://models":                   fileScheme + filepath.Join(dir, "models"),
		"file:///srv/m":                   "file:///srv/m",
		"/srv/m":                          "file:///srv/m",
		"s3://bucket/m":                   "s3://bucket/m",
		"pvc://claim/m":                   "pvc://claim/m",
		"https://models.example/m.onnx":   "https://models.example/m.onnx",
		"file://../" + filepath.Base(dir): fileScheme + dir,
	} {
		service := &v1beta1.InferenceService{Spec: v1beta1.InferenceServiceSpec{Predictor: model(uri)}}
		resolved, regular := resolvePaths(service, dir)
		if got := *resolved.Spec.Predictor.Model.StorageURI; got != want {
			t.Errorf("%s became %s, want %s", uri, got, want)
		}
		if path := filepath.Join(dir, "models/m.onnx"); want == fileScheme+path && !regular[path] {
			t.Errorf("%s isn't known as a regular file: %v", path, regular)
		}
		if *service.Spec.Predictor.Model.StorageURI != uri {
			t.Errorf("the manifest itself was changed to %s", *service.Spec.Predictor.Model.StorageURI)
		}
	}
}

func TestProcessesStartFromTheManifestAndImagesDoNot(t *testing.T) {
	t.Parallel()
	service := &v1beta1.InferenceService{}
	service.Spec.Predictor.Containers = []corev1.Container{
		{Name: "process", Command: []string{"./serve"}},
		{Name: "below", Command: []string{"./serve"}, WorkingDir: "sub"},
		{Name: "image", Image: "example/image"},
	}
	resolved, _ := resolvePaths(service, string(os.PathSeparator)+"srv")
	for i, want := range []string{"/srv", "/srv/sub", ""} {
		if got := resolved.Spec.Predictor.Containers[i].WorkingDir; got != want {
			t.Errorf("container %d starts in %q, want %q", i, got, want)
		}
	}
}
