package proxy

import (
	"context"
	"flag"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/host/pidfd"
)

var update = flag.Bool("update", false, "write the golden file anew")

func TestBootstrapGolden(t *testing.T) {
	t.Parallel()
	config, err := Bootstrap(Options{Dir: "/state/envoy", XDSSocket: "/state/xds.sock", Node: "sluice", MaxConnections: 50_000, MaxMemory: 4 << 30})
	if err != nil {
		t.Fatal(err)
	}
	data, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	got, err := yaml.JSONToYAML(data)
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/bootstrap.yaml"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

// TestRealEnvoy starts Envoy without anything to serve, kills it, and stops it.
func TestRealEnvoy(t *testing.T) {
	t.Parallel()
	binary, err := FindBinary("")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "sluice-proxy")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "xds.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	// A server that refuses every method: Envoy goes on without configuration after its first attempt.
	discovery := grpc.NewServer(grpc.WaitForHandlers(true))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = discovery.Serve(listener)
	}()
	t.Cleanup(func() {
		discovery.Stop()
		<-served
	})
	p, err := New(Options{Binary: binary, Dir: dir, XDSSocket: socket, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Concurrency: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()

	first := waitForProcess(t, p, State{})
	if ticks, err := pidfd.StartTicks(first.PID); err != nil || first.StartTicks != ticks {
		t.Errorf("start time %d, want %d: %v", first.StartTicks, ticks, err)
	}
	if group, err := syscall.Getpgid(first.PID); err != nil || group != first.PID {
		t.Errorf("Envoy %d is in process group %d: %v", first.PID, group, err)
	}
	if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	second := waitForProcess(t, p, first)
	if second.Restarts != 1 || !strings.Contains(second.LastExit, "killed") {
		t.Errorf("after a kill: %+v", second)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(second.PID, 0); err != syscall.ESRCH {
		t.Errorf("Envoy %d is still there: %v", second.PID, err)
	}
	if err := p.Ready(t.Context()); err == nil {
		t.Error("an ended Envoy is ready")
	}
	if _, err := os.Stat(recordFile(dir)); !os.IsNotExist(err) {
		t.Errorf("the record of an ended Envoy is still there: %v", err)
	}
}

// waitForProcess waits until a process other than before answers on the admin socket.
func waitForProcess(t *testing.T, p *Proxy, before State) State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		state := p.State()
		if state.PID != 0 && state.PID != before.PID {
			if _, err := p.ActiveRequests(ctx); err == nil {
				return state
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("Envoy did not start")
		}
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, o := range map[string]Options{
		"no Envoy binary": {Dir: dir, XDSSocket: "/x"},
		"does not exist":  {Binary: "envoy", Dir: filepath.Join(dir, "none"), XDSSocket: "/x"},
		"shorter state":   {Binary: "envoy", Dir: dir, XDSSocket: "/" + strings.Repeat("x", maxSocketPath)},
		"is not given":    {Binary: "envoy", Dir: dir},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: error %v, want one with %q", o, err, name)
		}
	}
}

func TestFindBinary(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "envoy", Version, "envoy")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "")
	t.Setenv("SLUICE_ENVOY", "")
	t.Setenv("SLUICE_CACHE", dir)
	if _, err := FindBinary(""); err == nil || !strings.Contains(err.Error(), "make deps") {
		t.Errorf("without an Envoy: %v", err)
	}
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, explicit := range []string{"", program} {
		if got, err := FindBinary(explicit); err != nil || got != program {
			t.Errorf("FindBinary(%q) is %q, %v", explicit, got, err)
		}
	}
	t.Setenv("SLUICE_ENVOY", filepath.Join(dir, "none"))
	if got, err := FindBinary(""); err == nil {
		t.Errorf("a named Envoy that is not there is passed over for %q", got)
	}
}
