package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// claimedManifest is a model in a volume.
const claimedManifest = `
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: claimed}
spec:
  predictor:
    model:
      modelFormat: {name: onnx}
      storageUri: pvc://models/iris/v1
`

// claim stands for a directory beside its manifest.
const claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: models
  annotations: {sluice.dev/path: volume}
spec:
  accessModes: [ReadOnlyMany]
  resources: {requests: {storage: 1Gi}}
`

// TestModelInAVolume is a model whose claim is missing at first: the status names it, and the model is served once the
// claim stands beside it.
func TestModelInAVolume(t *testing.T) {
	t.Parallel()
	model, err := os.ReadFile(filepath.Join(repository(t), "config/samples/quickstart/models/iris/v1/model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	folder := filepath.Join(dir, "volume", "iris", "v1")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "model.onnx"), string(model))
	write(t, filepath.Join(dir, "claimed.yaml"), claimedManifest)
	s := start(t, dir)

	s.waitService("claimed", says("", `PersistentVolumeClaim "models"`, "add it beside the manifest"))
	write(t, filepath.Join(dir, "claim.yaml"), claim)
	s.waitService("claimed", ready)
	body := `{"inputs":[{"name":"input-0","datatype":"FP32","shape":[1,4],"data":[5.1,3.5,1.4,0.2]}]}`
	if got := s.mustAsk(s.client(), http.MethodPost, s.url("claimed", "/v2/models/claimed/infer"), body); !strings.Contains(got, "outputs") {
		t.Errorf("got %s", got)
	}
}
