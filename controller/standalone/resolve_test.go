package standalone

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/settings"
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
		resolved, files := resolvePaths(service, dir)
		if got := *resolved.Spec.Predictor.Model.StorageURI; got != want {
			t.Errorf("%s became %s, want %s", uri, got, want)
		}
		path := strings.TrimPrefix(want, fileScheme)
		kind := map[string]settings.FileKind{
			filepath.Join(dir, "models/m.onnx"): settings.Regular, filepath.Join(dir, "models"): settings.Directory, dir: settings.Directory,
		}[path]
		if files[path] != kind {
			t.Errorf("%s is known as %q, want %q", path, files[path], kind)
		}
		if *service.Spec.Predictor.Model.StorageURI != uri {
			t.Errorf("the manifest itself was changed to %s", *service.Spec.Predictor.Model.StorageURI)
		}
	}
}

func TestEveryComponentsPathsAreMeantFromTheManifest(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"m": "model", "f/x": ""})
	service := &v1beta1.InferenceService{}
	service.Spec.Transformer = &v1beta1.TransformerSpec{}
	service.Spec.Transformer.StorageURIs = []v1beta1.StorageURI{{URI: "file://m"}}
	service.Spec.Explainer = &v1beta1.ExplainerSpec{ART: &v1beta1.ARTExplainerSpec{}}
	service.Spec.Explainer.ART.StorageURI = "file://f"
	service.Spec.Explainer.StorageURIs = []v1beta1.StorageURI{{URI: "file://m/below-a-file"}}
	_, files := resolvePaths(service, dir)
	want := map[string]settings.FileKind{
		filepath.Join(dir, "m"): settings.Regular, filepath.Join(dir, "f"): settings.Directory, filepath.Join(dir, "m/below-a-file"): settings.Missing,
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
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
