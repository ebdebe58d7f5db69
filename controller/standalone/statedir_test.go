package standalone

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestSecondHolderIsRefusedByName(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	first, err := OpenStateDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Announce(Process{PID: 4711, Admin: "127.0.0.1:9080", Dirs: []string{"/models"}}); err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := OpenStateDir(path); !errors.As(err, &locked) || !strings.Contains(err.Error(), "4711") || !strings.Contains(err.Error(), "/models") {
		t.Errorf("second open: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := OpenStateDir(path)
	if err != nil {
		t.Fatalf("after the first closed: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

func TestDefaultStateDirFollowsTheFirstPath(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "/state")
	a, errA := DefaultStateDir([]string{"/srv/models"})
	again, errAgain := DefaultStateDir([]string{"/srv/models", "/other"})
	b, errB := DefaultStateDir([]string{"/home/models"})
	if err := errors.Join(errA, errAgain, errB); err != nil {
		t.Fatal(err)
	}
	if a != again || a == b || !strings.HasPrefix(a, "/state/sluice/models-") {
		t.Errorf("got %q, %q and %q", a, again, b)
	}
}

func TestTakenPortNamesItsHolder(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := uint16(listener.Addr().(*net.TCPAddr).Port)
	err = CheckPort("127.0.0.1", port, "--http-port", 0)
	if err == nil || !strings.Contains(err.Error(), "--http-port") || !strings.Contains(err.Error(), "standalone") {
		t.Errorf("got %v, want the flag and this test's process named", err)
	}
	if err := CheckPort("127.0.0.1", port, "--http-port", os.Getpid()); err != nil {
		t.Errorf("a port of our own: %v", err)
	}
}

func TestRevisionsSurviveARestart(t *testing.T) {
	t.Parallel()
	store := revisionStore{dir: t.TempDir()}
	name := types.NamespacedName{Namespace: "default", Name: "m"}
	revision := func(name, note string) appsv1.ControllerRevision {
		return appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{"note": note}}}
	}
	first := []appsv1.ControllerRevision{revision("m-predictor-00001", ""), revision("m-predictor-00002", "")}
	second := []appsv1.ControllerRevision{revision("m-predictor-00002", "changed"), revision("m-predictor-00003", "")}
	if err := errors.Join(store.save(name, nil, first), store.save(name, first, second)); err != nil {
		t.Fatal(err)
	}
	loaded, err := store.load()
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded[name]; len(got) != 2 || got[0].Annotations["note"] != "changed" || got[1].Name != "m-predictor-00003" {
		t.Errorf("loaded %v", got)
	}
	if err := store.save(name, second, nil); err != nil {
		t.Fatal(err)
	}
	if loaded, err := store.load(); err != nil || len(loaded) != 0 {
		t.Errorf("after removal: %v, %v", loaded, err)
	}
}

func TestDamagedRevisionCostsItsServiceAlone(t *testing.T) {
	t.Parallel()
	store := revisionStore{dir: t.TempDir()}
	for _, name := range []string{"good", "bad"} {
		revisions := []appsv1.ControllerRevision{{ObjectMeta: metav1.ObjectMeta{Name: name + "-predictor-00001"}}}
		if err := store.save(types.NamespacedName{Namespace: "default", Name: name}, nil, revisions); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(store.dir+"/default/bad/bad-predictor-00001.json", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := store.load()
	if err == nil || !strings.Contains(err.Error(), "bad-predictor-00001.json") {
		t.Errorf("error %v, want the file named", err)
	}
	if len(loaded) != 1 || len(loaded[types.NamespacedName{Namespace: "default", Name: "good"}]) != 1 {
		t.Errorf("loaded %v", loaded)
	}
}
