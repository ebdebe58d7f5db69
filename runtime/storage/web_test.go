package storage_test

import (
	"bytes"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
	"github.com/sluice-serving/sluice/test/stores"
)

func serveWeb(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// content serves data with ranges and a strong ETag.
func content(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

func TestWebFile(t *testing.T) {
	t.Parallel()
	data := noise("web", big)
	plain := serveWeb(t, content(data))
	faults := stores.NewFaults(t, plain, "model.bin")
	f := newTester(t, nil)
	faults.CutAfter(big / 2)
	f.mustFail(faults.URL+"/a/model.bin?sig=swordfish", origin.ReasonConnection)
	faults.Mend()
	f.mustFetch(faults.URL + "/a/model.bin?sig=swordfish")
	f.want(map[string][]byte{"model.bin": data})
	if sent := faults.Sent.Load(); sent > big+9<<20 {
		t.Errorf("%d bytes were sent for a file of %d", sent, big)
	}
}

func TestWebFileWithoutRangesOrSize(t *testing.T) {
	t.Parallel()
	data := noise("stream", 3<<20)
	url := serveWeb(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(data[:1<<20])
		_ = http.NewResponseController(w).Flush()
		_, _ = w.Write(data[1<<20:])
	})
	faults := stores.NewFaults(t, url, "model.bin")
	f := newTester(t, nil)
	faults.Refuse(502)
	f.mustFetch(faults.URL + "/model.bin")
	f.want(map[string][]byte{"model.bin": data})
}

func TestWebStatusesAndSecrets(t *testing.T) {
	t.Parallel()
	url := serveWeb(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/none":
			http.NotFound(w, r)
		case r.Header.Get("X-Key") != "swordfish":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			content([]byte("ok"))(w, r)
		}
	})
	f := newTester(t, map[string]string{})
	f.mustFail(url+"/none", origin.ReasonObjectNotFound)
	signed := strings.Replace(url, "://", "://user:swordfish@", 1) + "/m.onnx?X-Amz-Signature=swordfish"
	if err := f.failure(signed, origin.ReasonCredentials, "https-host"); strings.Contains(err.Error(), "swordfish") {
		t.Errorf("%q holds a secret", err)
	}
	f.env["127.0.0.1-headers"] = `{"X-Key": "swordfish"}`
	f.mustFetch(url + "/m.onnx")
	f.want(map[string][]byte{"m.onnx": []byte("ok")})
}

func TestHeadersStayWithTheirHost(t *testing.T) {
	t.Parallel()
	var leaked atomic.Bool
	other := serveWeb(t, func(w http.ResponseWriter, r *http.Request) {
		leaked.Store(leaked.Load() || r.Header.Get("X-Key") != "")
		content([]byte("ok"))(w, r)
	})
	url := serveWeb(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other+r.URL.Path, http.StatusFound) })
	f := newTester(t, map[string]string{"127.0.0.1-headers": `{"X-Key": "swordfish"}`})
	f.mustFetch(url + "/m.onnx")
	if leaked.Load() {
		t.Error("the header went to another host")
	}
}

func TestUntrustedCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(content([]byte("ok")))
	t.Cleanup(server.Close)
	f := newTester(t, nil)
	f.mustFail(server.URL+"/m.onnx", origin.ReasonTLS, "--ca", "AWS_CA_BUNDLE")
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, text, 0o600); err != nil {
		t.Fatal(err)
	}
	f.env = map[string]string{"AWS_CA_BUNDLE": bundle}
	f.mustFetch(server.URL + "/m.onnx")
}

func TestReplacedFileIsNotPutTogether(t *testing.T) {
	t.Parallel()
	var version atomic.Int64
	url := serveWeb(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v`+string(rune('0'+min(version.Add(1), 2)))+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(noise("replaced", big)))
	})
	newTester(t, nil).mustFail(url+"/m.bin", origin.ReasonChanged, "replaced")
}

func TestLocalFilesAndClaims(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "m", "1"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "m", "1", "model.onnx"), []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, uri := range []string{"file://" + root + "/m", root + "/m", "pvc://claim/m"} {
		f := newTester(t, nil)
		f.options.Claim = func(name string) (string, bool) { return root, name == "claim" }
		f.mustFetch(uri)
		f.want(map[string][]byte{"1/model.onnx": []byte("one")})
	}
	f := newTester(t, nil)
	f.mustFail("file://"+root+"/none", origin.ReasonObjectNotFound)
	f.mustFail("pvc://other/m", origin.ReasonBucketNotFound, `"other"`)
	f.mustFail("ftp://host/m", origin.ReasonUnsupportedScheme, "s3://", "hf://")
}

func TestDestinationThatHoldsSomethingKeepsIt(t *testing.T) {
	t.Parallel()
	url := serveWeb(t, content([]byte("new")))
	f := newTester(t, nil)
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f.mustFetch(url + "/m.onnx") // an empty directory, as an emptyDir is
	if err := os.WriteFile(filepath.Join(f.dir, "own.txt"), []byte("own"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.mustFetch(url + "/other.onnx")
	f.want(map[string][]byte{"other.onnx": []byte("new"), "own.txt": []byte("own")})
}

func TestNoCacheLeavesNothing(t *testing.T) {
	t.Parallel()
	url := serveWeb(t, content([]byte("new")))
	f := newTester(t, nil)
	f.options.Cache = ""
	f.mustFetch(url + "/m.onnx")
	f.want(map[string][]byte{"m.onnx": []byte("new")})
	entries, err := os.ReadDir(filepath.Dir(f.dir))
	if err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v", entries, err)
	}
}
