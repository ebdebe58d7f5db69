package e2e

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/test/stores"
)

// bucketManifest is a model in a bucket, with the Secret and the service account that KServe asks for.
const bucketManifest = `
apiVersion: v1
kind: Secret
metadata:
  name: minio
  annotations: {serving.kserve.io/s3-endpoint: "ENDPOINT", serving.kserve.io/s3-usehttps: "0"}
stringData: {AWS_ACCESS_KEY_ID: "VISITOR", AWS_SECRET_ACCESS_KEY: "PASSWORD"}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
secrets: [{name: minio}]
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: bucket}
spec:
  predictor:
    serviceAccountName: reader
    model:
      modelFormat: {name: onnx}
      storageUri: s3://models/iris/v1
`

// ownCache gives sluice an empty model cache, and Envoy and onnxruntime from where they are.
func ownCache(t *testing.T) []string {
	t.Helper()
	cache := os.Getenv("SLUICE_CACHE")
	if cache == "" && os.Getenv("XDG_CACHE_HOME") != "" {
		cache = filepath.Join(os.Getenv("XDG_CACHE_HOME"), "sluice")
	}
	if cache == "" {
		cache = filepath.Join(os.Getenv("HOME"), ".cache", "sluice")
	}
	newest := func(pattern string) string {
		found, err := filepath.Glob(filepath.Join(cache, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no %s in %s: make deps fetches it", pattern, cache)
		}
		return found[len(found)-1]
	}
	return []string{
		"SLUICE_CACHE=" + t.TempDir(), "SLUICE_ENVOY=" + newest("envoy/*/envoy"), "SLUICE_ONNXRUNTIME=" + newest("onnxruntime/*/libonnxruntime.so"),
	}
}

// TestModelInABucket is a model that is fetched with a Secret that is wrong at first, from a store that then stops in the
// middle: both show in the status and in what a client reads, and no secret does.
func TestModelInABucket(t *testing.T) {
	t.Parallel()
	moto, err := stores.S3(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(moto.Stop)
	model, err := os.ReadFile(filepath.Join(repository(t), "config/samples/quickstart/models/iris/v1/model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	moto.Put(t, "models", map[string][]byte{"iris/v1/model.onnx": model})
	id, secret := moto.Visitor(t, "reader")
	moto.RefuseStrangers(t, true)
	faults := stores.NewFaults(t, moto.URL, "model.onnx")
	faults.HoldAfter(100)

	const wrong = "hush-wrong-secret"
	fill := strings.NewReplacer("ENDPOINT", strings.TrimPrefix(faults.URL, "http://"), "VISITOR", id, "PASSWORD", wrong)
	dir := t.TempDir()
	file := filepath.Join(dir, "bucket.yaml")
	write(t, file, fill.Replace(bucketManifest))
	state, err := os.MkdirTemp("", "sluice")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(state) })
	s := startIn(t, state, ownCache(t), dir)

	s.waitService("bucket", says("ModelDownloadFailed", "CredentialsRefused", "s3://models/iris/v1", "AWS_ACCESS_KEY_ID"))
	client := s.client()
	eventually(t, startTimeout, "a 503 with the reason", func() error {
		got, err := ask(client, http.MethodGet, s.url("bucket", "/v2/models/bucket"), "")
		if err == nil && (got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "CredentialsRefused")) {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})
	edit(t, file, wrong, secret)
	s.waitService("bucket", says("ModelDownload", "s3://models/iris/v1", "of "))
	faults.Mend()
	s.waitService("bucket", ready)
	body := `{"inputs":[{"name":"input-0","datatype":"FP32","shape":[1,4],"data":[5.1,3.5,1.4,0.2]}]}`
	if got := s.mustAsk(client, http.MethodPost, s.url("bucket", "/v2/models/bucket/infer"), body); !strings.Contains(got, "outputs") {
		t.Errorf("got %s", got)
	}
	s.wantUnsaid(secret, wrong)
}

// says wants a service that isn't ready to give a reason, and words in its message.
func says(reason string, words ...string) func(admin.Service) error {
	return func(service admin.Service) error {
		text := service.Reason + ": " + service.Message
		for _, word := range append(words, reason) {
			if !strings.Contains(text, word) {
				return fmt.Errorf("%q does not say %q", text, word)
			}
		}
		return nil
	}
}

// wantUnsaid looks for secrets in what sluice printed and in the logs and records of its state directory.
func (s *sluice) wantUnsaid(secrets ...string) {
	s.t.Helper()
	for _, secret := range secrets {
		if strings.Contains(s.output.String(), secret) {
			s.t.Errorf("a secret is in sluice's log")
		}
		err := filepath.WalkDir(s.state, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if strings.Contains(string(data), secret) {
				s.t.Errorf("a secret is in %s", path)
			}
			return err
		})
		if err != nil {
			s.t.Error(err)
		}
	}
}
