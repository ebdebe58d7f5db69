package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// smallDisk is the size of the disk that a test fills.
const smallDisk = "size=8m"

// smallStateDir mounts a small disk for a state directory. Only root can; for anybody else the whole test runs once more in a
// user namespace of its own, where it is root, and elsewhere says that it has done so.
func smallStateDir(t *testing.T) (dir string, elsewhere bool) {
	t.Helper()
	dir, err := os.MkdirTemp("", "sluice")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	err = syscall.Mount("tmpfs", dir, "tmpfs", 0, smallDisk)
	if errors.Is(err, syscall.EPERM) && os.Getenv(variableNamespace) == "" {
		inOwnNamespace(t)
		return "", true
	}
	if err != nil {
		t.Fatalf("mounting a small disk, which takes root or a user namespace: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir, false
}

// variableNamespace tells a test that it runs in a namespace of its own.
const variableNamespace = "SLUICE_TEST_NAMESPACE"

// inOwnNamespace runs this test in a process that may mount.
func inOwnNamespace(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), variableNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	t.Logf("in a namespace of its own:\n%s", out)
	if err != nil {
		t.Fatalf("in a namespace of its own: %v", err)
	}
}

// fill writes into a directory until its disk is full.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// printing is a server that prints a line for each request, as Python's own does, and fails where it can't.
const printing = `import http.server, os, socketserver

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("x" * 500, flush=True)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
`

// TestFullDiskUnderLoad fills the disk under the state directory: nothing that is served is lost, not even by a server that
// prints, a change and a killed replica, and Envoy, come through it, what can't be stored is reported beside its manifest, and
// with space again it is stored.
func TestFullDiskUnderLoad(t *testing.T) {
	t.Parallel()
	state, elsewhere := smallStateDir(t)
	if elsewhere {
		return
	}
	dir, ledger := t.TempDir(), t.TempDir()
	manifest := filepath.Join(dir, "m.yaml")
	version := func(mark string) string {
		return counted{name: "m", mark: mark, ledger: ledger, fields: []string{"minReplicas: 2"}}.yaml(t)
	}
	write(t, manifest, version("v1"))
	write(t, filepath.Join(dir, "server.py"), printing)
	write(t, filepath.Join(dir, "printing.yaml"), strings.Replace(slowManifest("unused", "unused"), "name: slow", "name: printing", 1))
	s := startWith(t, state, dir)
	s.waitService("printing", ready)
	s.waitService("m", running(2))
	tr := s.underLoad("m", ledger)
	gate := tr.open(1)
	client := s.client()
	printed := func(n int) {
		t.Helper()
		for range n {
			if got, err := ask(client, http.MethodGet, s.url("printing", "/"), ""); err != nil || got.status != http.StatusOK {
				t.Fatalf("a server that prints: %v, %d %s", err, got.status, got.body)
			}
		}
	}
	printed(20)
	tr.awaitAnswers(2 * arrivals) // longer than the log keeper takes for its first look

	empty := fill(t, state)
	printed(20)
	write(t, manifest, version("v2"))
	eventually(t, startTimeout, "the report", func() error {
		problems, err := s.admin.Problems(t.Context())
		if err != nil {
			return err
		}
		for _, p := range problems {
			if p.File == manifest && strings.Contains(p.Message, "no space left on device") && strings.Contains(p.Remedy, state) {
				return nil
			}
		}
		return fmt.Errorf("problems: %+v", problems)
	})
	s.waitService("m", all(revision("00002"), running(2)))
	tr.stillOpen()
	write(t, gate, "")
	s.waitService("m", all(running(2), gone))
	printed(20)
	empty()
	eventually(t, startTimeout, "the report cleared", func() error {
		problems, err := s.admin.Problems(t.Context())
		if err == nil && len(problems) > 0 {
			err = fmt.Errorf("problems: %+v", problems)
		}
		return err
	})
	if _, err := os.Stat(filepath.Join(state, "revisions", "default", "m", "m-predictor-00002.json")); err != nil {
		t.Error(err)
	}
	tr.end()
}

// TestCrashesOnAFullDisk kills a model and Envoy while the disk is full: both come back. Then it kills sluice: what that leaves
// can be stopped all the same.
func TestCrashesOnAFullDisk(t *testing.T) {
	t.Parallel()
	state, elsewhere := smallStateDir(t)
	if elsewhere {
		return
	}
	dir, ledger := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "m.yaml"), counted{name: "m", mark: "m", ledger: ledger}.yaml(t))
	s := startWith(t, state, dir)
	before := pids(s.waitService("m", running(1)))
	fill(t, state)
	for _, pid := range before {
		kill(t, pid)
	}
	s.waitService("m", all(running(1), restarted(1)))
	kill(t, s.envoy(t))
	eventually(t, startTimeout, "Envoy back", func() error {
		got, err := ask(s.client(), http.MethodGet, s.url("m", "/ready"), "")
		if err == nil && got.status != http.StatusOK {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})
	s.waitService("m", ready)
	s.kill()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if code, out := runCommand(t, path, "stop", "--state-dir", state); code != 0 {
		t.Errorf("sluice stop: exit %d: %s", code, out)
	}
	s.nothingLeft(t)
}

// TestStartOnAFullDiskIsRefused names the directory and what is free.
func TestStartOnAFullDiskIsRefused(t *testing.T) {
	t.Parallel()
	state, elsewhere := smallStateDir(t)
	if elsewhere {
		return
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	fill(t, state)
	code, out := runCommand(t, path, "run", "--state-dir", state, quickstart(t))
	if code == 0 || !strings.Contains(out, state) || !strings.Contains(out, "0 bytes are free") || !strings.Contains(out, "--state-dir") {
		t.Errorf("exit %d: %s", code, out)
	}
}
