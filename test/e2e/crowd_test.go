package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// crowd is how many idle connections are held open, where the open files of this process allow it.
func crowd(t *testing.T) int {
	t.Helper()
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	// The Go runtime has raised the soft limit to the hard one. Other tests have files open too.
	const reserved = 4096
	if files.Cur < 2*reserved {
		t.Fatalf("%d open files are too few for this test: raise the hard limit to %d (ulimit -Hn)", files.Cur, 10_000+reserved)
	}
	n := min(10_000, int(files.Cur)-reserved)
	if n < 10_000 {
		t.Logf("only %d connections: ten thousand take a hard limit of %d open files (ulimit -Hn), it is %d", n, 10_000+reserved, files.Cur)
	}
	return n
}

// visit opens a connection, asks once and leaves it open.
func (s *sluice) visit(host string) (net.Conn, error) {
	connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
	if err != nil {
		return nil, err
	}
	if err := revisit(connection, host); err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	return connection, nil
}

func revisit(connection net.Conn, host string) error {
	if _, err := fmt.Fprintf(connection, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReaderSize(connection, 512), nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	if err = errors.Join(err, response.Body.Close()); err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", response.StatusCode)
	}
	return err
}

// TestTenThousandIdleConnections holds them open: requests on new connections and on the idle ones are answered, Envoy's
// memory stays bounded, one connection too many is closed without an answer, and there is room again when others leave.
func TestTenThousandIdleConnections(t *testing.T) {
	t.Parallel()
	n := crowd(t)
	u := newUpstream(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "one.yaml"), staticService("one", u.port, ""))
	const spare = 50
	s := startWith(t, stateDir(t), dir, fmt.Sprintf("--max-connections=%d", n+spare))
	client := s.client()
	client.Transport.(*http.Transport).DisableKeepAlives = true
	s.waitStatic(client, "one.localhost")
	before := s.size()

	idle := s.gather("one.localhost", n)
	t.Cleanup(func() {
		for _, connection := range idle {
			connection.Close()
		}
	})
	for i := range spare {
		got, err := ask(client, http.MethodGet, fmt.Sprintf("http://one.localhost:%d/", s.port), "")
		if err != nil || got.status != http.StatusOK {
			t.Fatalf("new connection %d beside the idle ones: %v, %d %s", i, err, got.status, got.body)
		}
	}
	for i := 0; i < n; i += n / 100 {
		if err := revisit(idle[i], "one.localhost"); err != nil {
			t.Fatalf("idle connection %d: %v", i, err)
		}
	}
	after := s.size()
	t.Logf("before: %s", before)
	t.Logf("with %d idle connections: %s", n, after)
	const most = 64 << 10
	if each := (after.envoy - before.envoy) / uint64(n); after.envoy > before.envoy && each > most {
		t.Errorf("a connection takes %d bytes of Envoy, want at most %d", each, most)
	}
	s.overfill(spare)
	for range n / 2 {
		idle[0].Close()
		idle = idle[1:]
	}
	s.waitStatic(client, "one.localhost")
}

// gather opens n connections.
func (s *sluice) gather(host string, n int) []net.Conn {
	s.t.Helper()
	const callers = 16
	var mu sync.Mutex
	var idle []net.Conn
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for i := caller; i < n; i += callers {
				connection, err := s.visit(host)
				if err != nil {
					s.t.Errorf("connection %d: %v", i, err)
					return
				}
				mu.Lock()
				idle = append(idle, connection)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(idle) < n {
		s.t.FailNow()
	}
	return idle
}

// overfill takes the places that are left and wants the next connection to be closed.
func (s *sluice) overfill(spare int) {
	s.t.Helper()
	var taken []net.Conn
	defer func() {
		for _, connection := range taken {
			connection.Close()
		}
	}()
	for range spare + 10 {
		connection, err := s.visit("one.localhost")
		if err != nil {
			return
		}
		taken = append(taken, connection)
	}
	s.t.Errorf("%d connections beyond the limit were all answered", len(taken))
}

// TestAThousandServices serves them from one directory: all answer, each by its own host.
func TestAThousandServices(t *testing.T) {
	t.Parallel()
	const services, files = 1000, 20
	u := newUpstream(t)
	dir := t.TempDir()
	name := func(i int) string { return fmt.Sprintf("service-%04d", i) }
	for file := range files {
		var manifests strings.Builder
		for i := file; i < services; i += files {
			manifests.WriteString(staticService(name(i), u.port, ""))
		}
		write(t, filepath.Join(dir, fmt.Sprintf("%02d.yaml", file)), manifests.String())
	}
	s := start(t, dir)
	client := s.client()
	for i := range services {
		s.waitStatic(client, name(i)+".localhost")
	}
	t.Logf("with %d services: %s", services, s.size())
	problems, err := s.admin.Problems(t.Context())
	if err != nil || len(problems) > 0 {
		t.Errorf("problems: %v, %v", problems, err)
	}
}
