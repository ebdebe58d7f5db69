package standalone

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func TestSettledDigests(t *testing.T) {
	t.Parallel()
	in := func(digest string) map[string]string { return map[string]string{"m.onnx": digest} }
	for name, c := range map[string]struct{ inForce, before, now, want map[string]string }{
		"as it was":                 {in("1"), in("1"), in("1"), in("1")},
		"just changed":              {in("1"), in("1"), in("2"), in("1")},
		"still changing":            {in("1"), in("2"), in("3"), in("1")},
		"changed and quiet":         {in("1"), in("2"), in("2"), in("2")},
		"gone":                      {in("1"), in("1"), nil, in("1")},
		"there for the first time":  {nil, nil, in("1"), nil},
		"there since the last look": {map[string]string{}, in("1"), in("1"), in("1")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := settledDigests(c.inForce, c.before, c.now); !maps.Equal(got, c.want) {
				t.Errorf("digests %v, want %v", got, c.want)
			}
		})
	}
}

func TestModelDigestIsOfModelFilesOnly(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"1/model.onnx": "model", "server.log": "a line"})
	first := modelDigest(dir)
	if first == "" || first != modelDigest(dir) {
		t.Fatalf("digest %q isn't the same twice", first)
	}
	for name, changes := range map[string]bool{"server.log": false, "1/model.onnx": true} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("something longer"), 0o600); err != nil {
			t.Fatal(err)
		}
		second := modelDigest(dir)
		if (first != second) != changes {
			t.Errorf("after %s changed: %s, before %s", name, second, first)
		}
		first = second
	}
	if got := modelDigest(filepath.Join(dir, "nowhere")); got != "" {
		t.Errorf("digest of nothing: %q", got)
	}
}

func TestReplacedModelFileIsRolledOut(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	deployment := r.serving().Deployment
	before := r.engine.template(deployment)
	r.write("iris.onnx", "another model")
	r.until("the Deployment has another template", r.engine.news.wait, func() bool {
		return r.engine.template(deployment) != before
	})
}

func TestModelThatComesLaterIsPlannedOnce(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"iris.yaml": iris})
	document := newDirectory([]string{dir}).read().files[0].documents[0]
	l := emptyLoop()
	name := types.NamespacedName{Namespace: "default", Name: "iris"}
	l.takeService(name, document, true)
	foundReplaced := func() bool {
		files := l.services[name].files
		return l.foundReplaced(modelLook{name: {files: files, digests: modelDigests(files)}})
	}
	if l.foundMissing() || foundReplaced() {
		t.Fatal("a model is found where none is")
	}
	if err := os.WriteFile(filepath.Join(dir, "iris.onnx"), []byte("model"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !l.foundMissing() {
		t.Fatal("the model that came isn't found")
	}
	for look := range 3 {
		if l.foundMissing() || foundReplaced() {
			t.Errorf("look %d finds the same model new", look)
		}
	}
}
