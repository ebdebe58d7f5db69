package standalone

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/controller/manifest"
)

func secret(file, name, digest string) manifest.Document {
	return manifest.Document{
		Object: &corev1.Secret{
			TypeMeta:   metav1.TypeMeta{Kind: "Secret", APIVersion: "v1"},
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		},
		Source: manifest.Source{File: file, Line: 1}, Digest: digest,
	}
}

func secretKey(name string) objectKey { return objectKey{"Secret", "default", name} }

func file(path string, documents ...manifest.Document) fileReading {
	return fileReading{path: path, documents: documents}
}

func broken(path string, documents ...manifest.Document) fileReading {
	return fileReading{path: path, documents: documents, problems: []manifest.Problem{{Message: "is broken"}}}
}

func TestInventory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files    []fileReading
		want     map[string]string // name → digest
		below    string            // the directory of a.yaml before
		problems int
	}{
		"an intact file's objects are in force": {
			files: []fileReading{file("a.yaml", secret("a.yaml", "a", "2"), secret("a.yaml", "b", "1"))},
			want:  map[string]string{"a": "2", "b": "1"},
		},
		"an object that an intact file no longer holds is gone": {
			files: []fileReading{file("a.yaml", secret("a.yaml", "a", "1"))},
			want:  map[string]string{"a": "1"},
		},
		"a broken document keeps its last good version beside changed ones": {
			files:    []fileReading{broken("a.yaml", secret("a.yaml", "a", "2"))},
			want:     map[string]string{"a": "2", "b": "1"},
			problems: 1,
		},
		"a file that is removed takes its objects along": {
			want: map[string]string{},
		},
		"what stands below a directory that can't be read keeps its last good version": {
			files:    []fileReading{broken("sub")},
			below:    "sub/deep/",
			want:     map[string]string{"a": "1", "b": "1"},
			problems: 1,
		},
		"a directory whose name begins another's doesn't count for it": {
			files:    []fileReading{broken("su")},
			below:    "sub/",
			want:     map[string]string{},
			problems: 1,
		},
		"an object may move to another file": {
			files: []fileReading{file("b.yaml", secret("b.yaml", "a", "1"), secret("b.yaml", "b", "1"))},
			want:  map[string]string{"a": "1", "b": "1"},
		},
		"of two files with one object, the one that had it keeps it": {
			files:    []fileReading{file("0.yaml", secret("0.yaml", "a", "other")), file("a.yaml", secret("a.yaml", "a", "1"), secret("a.yaml", "b", "1"))},
			want:     map[string]string{"a": "1", "b": "1"},
			problems: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := c.below + "a.yaml"
			before := inventory{secretKey("a"): secret(file, "a", "1"), secretKey("b"): secret(file, "b", "1")}
			after, problems := takeInventory(before, reading{files: c.files})
			if len(problems) != c.problems {
				t.Errorf("problems: %v, want %d", problems, c.problems)
			}
			if len(after) != len(c.want) {
				t.Errorf("in force: %v, want %v", after, c.want)
			}
			for name, digest := range c.want {
				if after[secretKey(name)].Digest != digest {
					t.Errorf("%s has version %q, want %q", name, after[secretKey(name)].Digest, digest)
				}
			}
		})
	}
}

func TestChangesNameWhatDiffers(t *testing.T) {
	t.Parallel()
	before := inventory{secretKey("same"): secret("a", "same", "1"), secretKey("changed"): secret("a", "changed", "1"), secretKey("gone"): secret("a", "gone", "1")}
	after := inventory{secretKey("same"): secret("a", "same", "1"), secretKey("changed"): secret("a", "changed", "2"), secretKey("new"): secret("a", "new", "1")}
	got := map[objectKey]bool{}
	for _, key := range before.changes(after) {
		got[key] = true
	}
	if len(got) != 3 || !got[secretKey("changed")] || !got[secretKey("gone")] || !got[secretKey("new")] {
		t.Errorf("changes: %v", got)
	}
}
