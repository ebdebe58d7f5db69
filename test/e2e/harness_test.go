// Package e2e runs the built sluice as a user does: a real Envoy, real model processes, real clients.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/test/load/backend"
)

// startTimeout bounds how long a sluice may take to serve, and stopTimeout to end, on a busy machine.
const (
	startTimeout = 90 * time.Second
	stopTimeout  = 45 * time.Second
)

// binary builds sluice once for all tests of this package, with the race detector on.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sluice-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "sluice")
	build := exec.Command("go", "build", "-race", "-o", path, "github.com/sluice-serving/sluice/cmd/sluice")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building sluice: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == backendArgument {
		if err := backend.Main(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // a folder of the temporary directory: the system removes it too
	}
	os.Exit(code)
}

// sluice is one running `sluice run`.
type sluice struct {
	t *testing.T
	// dir is what it serves, state its state directory.
	dir, state string
	// port is the HTTP port, and admin the client of its admin port.
	port    int
	admin   *admin.Client
	address string

	command *exec.Cmd
	exited  chan error
	output  *lockedBuffer
}

// lockedBuffer collects a process's output while others read it.
type lockedBuffer struct {
	mu   sync.Mutex
	data bytes.Buffer
	// gone closes the pipe at the next write, as a reader's end does.
	gone bool
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return 0, io.ErrClosedPipe
	}
	return b.data.Write(p)
}

// leave ends the reading.
func (b *lockedBuffer) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = true
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// repository is the root of the checkout.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// quickstart copies the quickstart sample, so that a test may edit it.
func quickstart(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "quickstart")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(repository(t), "config", "samples", "quickstart"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// freePort gives a TCP port that nobody listens on, and that no other test is given while this one runs. It is below the
// range that the kernel takes the ports of outgoing connections from: another test's Envoy could be given one of those
// before this test's sluice listens on it.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 10000 + rand.IntN(10000)
		// An abstract socket stands for the promise, among the tests of all processes of this machine.
		promise, err := net.Listen("unix", fmt.Sprintf("@sluice-test-port-%d", port))
		if err != nil {
			continue
		}
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			_ = promise.Close()
			continue
		}
		_ = listener.Close()
		t.Cleanup(func() { _ = promise.Close() })
		return port
	}
	t.Fatal("no port from 10000 to 19999 is free")
	return 0
}

// start runs sluice over paths with ports and a state directory of its own.
func start(t *testing.T, paths ...string) *sluice {
	t.Helper()
	// Short, since the path of a unix socket has no more than 108 bytes.
	state, err := os.MkdirTemp("", "sluice")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(state) })
	return startWith(t, state, paths...)
}

// startWith runs sluice over paths with a given state directory.
func startWith(t *testing.T, state string, paths ...string) *sluice {
	t.Helper()
	return startIn(t, state, nil, paths...)
}

// startIn runs sluice with additions to the environment.
func startIn(t *testing.T, state string, environment []string, paths ...string) *sluice {
	t.Helper()
	s := &sluice{t: t, dir: paths[0], state: state, port: freePort(t), output: &lockedBuffer{}}
	s.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	s.launch(environment, paths...)
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("sluice printed:\n%s", s.output)
		}
	})
	var err error
	if s.admin, err = admin.NewClient(s.address); err != nil {
		t.Fatal(err)
	}
	return s
}

// launch starts the process, with its ports and its state directory.
func (s *sluice) launch(environment []string, arguments ...string) {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	_, adminPort, err := net.SplitHostPort(s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	args := append([]string{"run", "--http-port", strconv.Itoa(s.port), "--admin-port", adminPort, "--state-dir", s.state}, arguments...)
	command, exited := exec.Command(path, args...), make(chan error, 1)
	command.Env = append(os.Environ(), environment...)
	command.Stdout, command.Stderr = s.output, s.output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { exited <- command.Wait() }()
	s.command, s.exited = command, exited
}

// kill ends sluice outright, and gives when it is dead.
func (s *sluice) kill() {
	s.t.Helper()
	if err := s.command.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	if err := <-s.exited; err == nil {
		s.t.Error("sluice ended well although it was killed")
	}
	s.command = nil
}

// again starts sluice over what a killed one left, with further flags.
func (s *sluice) again(flags ...string) { s.launch(nil, append(flags, s.dir)...) }

// stop interrupts sluice as Ctrl-C does and waits for its end.
func (s *sluice) stop() {
	s.t.Helper()
	if s.command == nil {
		return
	}
	// It may have ended by itself already: Wait tells.
	_ = s.command.Process.Signal(os.Interrupt)
	select {
	case err := <-s.exited:
		if err != nil {
			s.t.Errorf("sluice ended with %v", err)
		}
	case <-time.After(stopTimeout):
		_ = s.command.Process.Kill()
		s.t.Errorf("sluice did not end in %v after SIGINT", stopTimeout)
	}
	s.command = nil
}

// eventually polls check until it succeeds, or fails the test with its last error.
func eventually(t *testing.T, timeout time.Duration, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in %v: %v", what, timeout, err)
		}
		<-tick.C
	}
}

// waitReady waits until every service is ready.
func (s *sluice) waitReady() {
	s.t.Helper()
	eventually(s.t, startTimeout, "every service ready", func() error {
		response, err := http.Get("http://" + s.address + "/readyz")
		if err != nil {
			return s.alive(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("/readyz answers %d: %s", response.StatusCode, body)
		}
		return nil
	})
}

// alive adds to err that sluice has ended, if it has.
func (s *sluice) alive(err error) error {
	select {
	case exit := <-s.exited:
		s.exited <- exit
		s.t.Fatalf("sluice ended: %v\n%s", exit, s.output)
	default:
	}
	return err
}

// waitService waits until a service is as check wants it.
func (s *sluice) waitService(name string, check func(admin.Service) error) admin.Service {
	s.t.Helper()
	var found admin.Service
	eventually(s.t, startTimeout, "service "+name, func() error {
		service, err := s.admin.Service(s.t.Context(), "default", name)
		if err != nil {
			return s.alive(err)
		}
		found = service
		return check(service)
	})
	return found
}

func ready(service admin.Service) error {
	if !service.Ready {
		return fmt.Errorf("not ready: %s: %s", service.Reason, service.Message)
	}
	return nil
}

// answer is an HTTP answer, read whole.
type answer struct {
	status int
	body   string
	header http.Header
}

// client does not keep connections between tests, and asks the address whatever the host is.
func (s *sluice) client() *http.Client {
	target := net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
	transport := &http.Transport{
		MaxIdleConnsPerHost: 64,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, target)
		},
	}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

// url is a URL on a service's own host, or on plain localhost for an empty name.
func (s *sluice) url(name, path string) string {
	host := "localhost"
	if name != "" {
		host = name + "-default.localhost"
	}
	return fmt.Sprintf("http://%s:%d%s", host, s.port, path)
}

func ask(client *http.Client, method, url, body string) (answer, error) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(data), response.Header}, err
}

// mustAsk asks and wants a 200.
func (s *sluice) mustAsk(client *http.Client, method, url, body string) string {
	s.t.Helper()
	got, err := ask(client, method, url, body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, url, err)
	}
	if got.status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, url, got.status, got.body)
	}
	return got.body
}

// decode reads JSON, strictly enough for a test.
func decode[T any](t *testing.T, body string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return value
}

// write replaces a file whole, as an editor does.
func write(t *testing.T, path, content string) {
	t.Helper()
	temp := path + ".new"
	if err := errors.Join(os.WriteFile(temp, []byte(content), 0o600), os.Rename(temp, path)); err != nil {
		t.Fatal(err)
	}
}

// edit replaces old by text in a file; old must be there.
func edit(t *testing.T, path, old, text string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%s has no %q", path, old)
	}
	write(t, path, strings.ReplaceAll(string(data), old, text))
}

// pids are the process ids of a service's containers, by pod.
func pids(service admin.Service) map[string]int {
	running := map[string]int{}
	for _, pod := range service.Pods {
		for _, container := range pod.Containers {
			if container.PID != 0 && !pod.Terminating {
				running[pod.Name+"/"+container.Name] = container.PID
			}
		}
	}
	return running
}
