package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// TestNobodyElseReachesItByDefault asks at another address than 127.0.0.1. The kernel gives 127.0.0.2 to this machine as well, so
// that a listener on every address would answer there.
func TestNobodyElseReachesItByDefault(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "one.yaml"), staticService("one", u.port, ""))
	reachable := func(address, port string) error {
		connection, err := net.Dial("tcp", net.JoinHostPort(address, port))
		if err != nil {
			return err
		}
		return connection.Close()
	}
	s := start(t, dir)
	s.waitStatic(s.client(), "one.localhost")
	_, adminPort, err := net.SplitHostPort(s.address)
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range []string{strconv.Itoa(s.port), adminPort} {
		if err := reachable("127.0.0.2", port); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("port %s on another address of this machine: %v, want it refused", port, err)
		}
	}

	open := startWith(t, stateDir(t), dir, "--listen=0.0.0.0")
	open.waitStatic(open.client(), "one.localhost")
	got, err := ask(http.DefaultClient, http.MethodGet, fmt.Sprintf("http://127.0.0.2:%d/", open.port), "")
	if err != nil {
		t.Errorf("with --listen 0.0.0.0 the other address is not reached: %v", err)
	}
	t.Logf("with --listen 0.0.0.0 it answers %d", got.status)
	if _, adminPort, err = net.SplitHostPort(open.address); err != nil {
		t.Fatal(err)
	}
	if err := reachable("127.0.0.2", adminPort); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("--listen 0.0.0.0 opens the admin port on another address: %v", err)
	}
}
