package standalone

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/manifest"
)

// TestRevisionsThatCanNotBeStoredAreInForceAndStoredLater has a file in the directory's place.
func TestRevisionsThatCanNotBeStoredAreInForceAndStoredLater(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "revisions")
	name := types.NamespacedName{Namespace: "default", Name: "m"}
	s := &service{name: name, manifest: manifest.Document{Object: &v1beta1.InferenceService{
		TypeMeta:   metav1.TypeMeta{Kind: v1beta1.KindInferenceService},
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "m"},
	}}}
	l := emptyLoop()
	l.logger, l.revisions, l.services[name] = slog.New(slog.DiscardHandler), revisionStore{dir}, s
	revisions := func(names ...string) (list []appsv1.ControllerRevision) {
		for _, name := range names {
			list = append(list, appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: name}})
		}
		return list
	}
	stored := func() []string {
		t.Helper()
		all, err := l.revisions.load()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for i := range all[name] {
			names = append(names, all[name][i].Name)
		}
		return names
	}

	l.store(s, revisions("m-1"))
	if len(l.unstored) != 0 {
		t.Fatalf("not stored: %v", s.unstored.err)
	}
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.store(s, revisions("m-1", "m-2"))
	l.store(s, revisions("m-2", "m-3"))
	now := time.Now()
	if l.storeAgain(now) {
		t.Error("stored where nothing can be")
	}
	if !l.unstored[name] || !l.troubled[problemPlace{object: serviceKey(s)}] {
		t.Error("nobody is told of it")
	}
	if problem := l.unstoredProblem(s); problem.Object != "InferenceService default/m" || !strings.Contains(problem.Remedy, dir) {
		t.Errorf("problem %+v", problem)
	}
	if len(s.revisions) != 2 || s.revisions[1].Name != "m-3" {
		t.Errorf("in force are %v", s.revisions)
	}

	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	if l.storeAgain(now) {
		t.Error("tried again at once")
	}
	if !l.storeAgain(now.Add(longestStoreWait)) || len(l.unstored) != 0 {
		t.Errorf("not stored: %+v", s.unstored)
	}
	if got := strings.Join(stored(), " "); got != "m-2 m-3" {
		t.Errorf("stored are %s", got)
	}
}
