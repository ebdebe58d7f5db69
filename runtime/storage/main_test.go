package storage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/sluice-serving/sluice/runtime/storage"
	"github.com/sluice-serving/sluice/runtime/storage/origin"
	"github.com/sluice-serving/sluice/test/stores"
)

// childVariable makes the test's own binary a process that fetches: URI, directory and cache, a line each.
const childVariable = "SLUICE_TEST_FETCH"

// tmpfsVariable mounts a disk of that size at the path before; a copy of what was fetched is left beside.
const tmpfsVariable = "SLUICE_TEST_TMPFS"

func TestMain(m *testing.M) {
	if order := os.Getenv(childVariable); order != "" {
		os.Exit(child(strings.Split(order, "\n")))
	}
	code := m.Run()
	for _, p := range started.all {
		p.Stop()
	}
	http.DefaultClient.CloseIdleConnections() // the tests' own, to the stores
	// The fake of Google's store is loaded with a package that starts a goroutine for good.
	opencensus := goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start")
	if err := goleak.Find(opencensus); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func child(order []string) int {
	if disk := os.Getenv(tmpfsVariable); disk != "" {
		size, path, _ := strings.Cut(disk, ":")
		if err := unix.Mount("tmpfs", path, "tmpfs", 0, "size="+size); err != nil {
			fmt.Fprintln(os.Stderr, "mount:", err)
			return 3
		}
	}
	fetcher := storage.New(storage.Options{Cache: order[2], Getenv: os.Getenv, Attempts: 3, Stall: 60 * time.Second})
	for uri := range strings.FieldsSeq(order[0]) {
		if err := fetcher.Fetch(context.Background(), uri, order[1]); err != nil {
			fmt.Fprintln(os.Stderr, origin.ReasonOf(err), err)
			return 1
		}
	}
	if os.Getenv(tmpfsVariable) != "" { // what is on the disk goes with this process
		if err := os.CopyFS(order[1]+".seen", os.DirFS(order[1])); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 4
		}
	}
	return 0
}

// command is a process that fetches from URIs, one after the other.
func command(t *testing.T, env map[string]string, uri, dir, cache string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+strings.Join([]string{uri, dir, cache}, "\n"))
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, &bytes.Buffer{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// started are the servers that the tests share.
var started struct {
	sync.Mutex
	all []*stores.Process
}

var moto = sync.OnceValues(func() (*stores.Process, error) { return share(stores.S3) })

// guardedMoto is one whose visitors are asked for credentials.
var guardedMoto = sync.OnceValues(func() (*stores.Process, error) { return share(stores.S3) })

var azurite = sync.OnceValues(func() (*stores.Process, error) { return share(stores.Azure) })

func share(start func(string) (*stores.Process, error)) (*stores.Process, error) {
	dir, err := os.MkdirTemp("", "sluice-store-")
	if err != nil {
		return nil, err
	}
	p, err := start(dir)
	if err == nil {
		started.Lock()
		defer started.Unlock()
		started.all = append(started.all, p)
	}
	return p, err
}

func running(t *testing.T, start func() (*stores.Process, error)) *stores.Process {
	t.Helper()
	p, err := start()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tester fetches into a directory of its own, with a cache of its own.
type tester struct {
	t       *testing.T
	env     map[string]string
	options storage.Options
	// dir is where the model goes.
	dir string
}

func newTester(t *testing.T, env map[string]string) *tester {
	t.Helper()
	root := t.TempDir()
	f := &tester{t: t, env: env, dir: filepath.Join(root, "model")}
	f.options = storage.Options{
		Cache: filepath.Join(root, "cache"), Stall: 20 * time.Second, Attempts: 3,
		Getenv: func(name string) string { return f.env[name] },
	}
	return f
}

func (f *tester) fetch(uri string) error {
	return storage.New(f.options).Fetch(f.t.Context(), uri, f.dir)
}

func (f *tester) mustFetch(uri string) {
	f.t.Helper()
	if err := f.fetch(uri); err != nil {
		f.t.Fatal(err)
	}
}

func (f *tester) mustFail(uri string, reason origin.Reason, words ...string) {
	f.t.Helper()
	_ = f.failure(uri, reason, words...) // it has checked it
}

// failure fetches, and wants a reason, words in the message and nothing at the destination.
func (f *tester) failure(uri string, reason origin.Reason, words ...string) error {
	f.t.Helper()
	err := f.fetch(uri)
	if origin.ReasonOf(err) != reason {
		f.t.Fatalf("got reason %q of %v (%v), want %s", origin.ReasonOf(err), err, errors.Unwrap(err), reason)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			f.t.Errorf("%q does not say %q", err, word)
		}
	}
	f.wantNothing()
	return err
}

// wantNothing checks that nothing stands at the destination or beside it.
func (f *tester) wantNothing() {
	f.t.Helper()
	entries, err := os.ReadDir(filepath.Dir(f.dir))
	if err != nil {
		f.t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != "cache" && entry.Name() != ".sluice-fetch-cache" {
			f.t.Errorf("a fetch that failed leaves %s", entry.Name())
		}
	}
}

// want checks that the model is exactly these files.
func (f *tester) want(files map[string][]byte) {
	f.t.Helper()
	wantFiles(f.t, f.dir, files)
}

func wantFiles(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || name == ".sluice-fetch-files.json" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want, ok := files[filepath.ToSlash(name)]
		if seen++; !ok || !bytes.Equal(data, want) {
			t.Errorf("%s holds %d bytes that are not what was put there (known: %v, %d bytes)", name, len(data), ok, len(want))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen != len(files) {
		t.Errorf("%d files, want %d", seen, len(files))
	}
}

// noise is data that no store can shorten, the same for the same seed.
func noise(seed string, size int) []byte {
	out := make([]byte, 0, size+sha256.Size)
	sum := sha256.Sum256([]byte(seed))
	for len(out) < size {
		out = append(out, sum[:]...)
		sum = sha256.Sum256(sum[:])
	}
	return out[:size]
}
