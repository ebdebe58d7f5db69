package standalone

import (
	"slices"
	"strings"
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

func file(path string, documents ...manifest.Document) *fileReading {
	return &fileReading{path: path, documents: documents}
}

func broken(path string, documents ...manifest.Document) *fileReading {
	return &fileReading{path: path, documents: documents, problems: []manifest.Problem{{Message: "is broken"}}}
}

func TestInventory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files    []*fileReading
		want     map[string]string // name → digest
		below    string            // the directory of a.yaml before
		problems int
	}{
		"an intact file's objects are in force": {
			files: []*fileReading{file("a.yaml", secret("a.yaml", "a", "2"), secret("a.yaml", "b", "1"))},
			want:  map[string]string{"a": "2", "b": "1"},
		},
		"an object that an intact file no longer holds is gone": {
			files: []*fileReading{file("a.yaml", secret("a.yaml", "a", "1"))},
			want:  map[string]string{"a": "1"},
		},
		"a broken document keeps its last good version beside changed ones": {
			files:    []*fileReading{broken("a.yaml", secret("a.yaml", "a", "2"))},
			want:     map[string]string{"a": "2", "b": "1"},
			problems: 1,
		},
		"a file that is removed takes its objects along": {
			want: map[string]string{},
		},
		"what stands below a directory that can't be read keeps its last good version": {
			files:    []*fileReading{broken("sub")},
			below:    "sub/deep/",
			want:     map[string]string{"a": "1", "b": "1"},
			problems: 1,
		},
		"a directory whose name begins another's doesn't count for it": {
			files:    []*fileReading{broken("su")},
			below:    "sub/",
			want:     map[string]string{},
			problems: 1,
		},
		"an object may move to another file": {
			files: []*fileReading{file("b.yaml", secret("b.yaml", "a", "1"), secret("b.yaml", "b", "1"))},
			want:  map[string]string{"a": "1", "b": "1"},
		},
		"of two files with one object, the one that had it keeps it": {
			files:    []*fileReading{file("0.yaml", secret("0.yaml", "a", "other")), file("a.yaml", secret("a.yaml", "a", "1"), secret("a.yaml", "b", "1"))},
			want:     map[string]string{"a": "1", "b": "1"},
			problems: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := c.below + "a.yaml"
			v := newInventory()
			v.take(reading{files: []*fileReading{file(path, secret(path, "a", "1"), secret(path, "b", "1"))}})
			v.take(reading{files: c.files})
			after := v.objects
			if problems := v.problems(); len(problems) != c.problems {
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
	moved := secret("a", "moved", "1")
	v := newInventory()
	v.take(reading{files: []*fileReading{file("a", secret("a", "same", "1"), secret("a", "changed", "1"), secret("a", "gone", "1"), moved)}})
	moved.Source.Line = 7
	change := v.update([]*fileReading{file("a", secret("a", "same", "1"), secret("a", "changed", "2"), secret("a", "new", "1"), moved)}, nil)
	got := map[objectKey]bool{}
	for _, key := range change.objects {
		got[key] = true
	}
	if len(got) != 3 || !got[secretKey("changed")] || !got[secretKey("gone")] || !got[secretKey("new")] {
		t.Errorf("changes: %v", got)
	}
	if !slices.Equal(change.moved, []objectKey{secretKey("moved")}) {
		t.Errorf("moved: %v", change.moved)
	}
}

func TestProblemOfAnObjectThatStandsTwiceNamesTheOneInForce(t *testing.T) {
	t.Parallel()
	v := newInventory()
	v.take(reading{files: []*fileReading{file("b", secret("b", "s", "1"))}})
	v.update([]*fileReading{file("a", secret("a", "s", "2")), file("c", secret("c", "s", "3"))}, nil)
	problems := v.problems()
	if len(problems) != 2 || problems[0].File != "a" || problems[1].File != "c" {
		t.Fatalf("problems: %v", problems)
	}
	for _, problem := range problems {
		if !strings.Contains(problem.Message, "stands at b:1") {
			t.Errorf("%v does not name the one in force", problem)
		}
	}
	v.update(nil, []string{"b"})
	if problems := v.problems(); v.objects[secretKey("s")].Source.File != "a" || len(problems) != 1 || problems[0].File != "c" {
		t.Errorf("in force %v with problems %v", v.objects, problems)
	}
}
