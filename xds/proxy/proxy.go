// Package proxy runs an Envoy as a child process: a small static bootstrap that points it at our discovery
// server, supervision with restarts, and what can be asked of it over its admin socket. All of it goes over
// unix sockets; the only TCP ports are those of the listeners that Envoy is told by xDS.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Options are what a proxy is made from.
type Options struct {
	// Binary is the Envoy to run; see [FindBinary].
	Binary string
	// Dir is an existing directory of the proxy's own for its bootstrap, its admin socket, Envoy's log and the record of
	// the running Envoy. No two proxies may run in it at once.
	Dir string
	// XDSSocket is the unix socket on which the discovery server answers.
	XDSSocket string
	Logger    *slog.Logger
	// Node is the id that Envoy gives itself to the discovery server; empty is "sluice".
	Node string
	// Concurrency is the number of worker threads; 0 is one for each CPU.
	Concurrency int
	// MaxConnections bounds the client connections of all listeners together; 0 is 50,000.
	MaxConnections int64
	// MaxMemory is how many bytes of memory Envoy may take; near it, it sheds load. 0 is no limit.
	MaxMemory uint64
	// DrainTime is how long an orderly stop waits for requests in flight before it ends Envoy; 0 is as long as they take.
	DrainTime time.Duration
	// Hurry, when closed, ends an orderly stop's wait for requests in flight; nil never does.
	Hurry <-chan struct{}
	// KillAfter is how long Envoy has to go after SIGTERM before SIGKILL; 0 is 5 s.
	KillAfter time.Duration
}

// DefaultDrainTime is how long a stop waits for requests in flight if nobody says: a long generation has time to end, and a
// stream that never ends does not hold the stop for good.
const DefaultDrainTime = time.Minute

const (
	defaultKillAfter = 5 * time.Second
	// replaceWithin is how long an Envoy that can't be adopted has for its requests: the one in its place can't open the ports
	// before.
	replaceWithin = 10 * time.Second
)

// adminSocketName is the file in [Options.Dir] at which Envoy's admin interface answers.
const adminSocketName = "admin.sock"

// Proxy is one supervised Envoy.
type Proxy struct {
	options Options
	logger  *slog.Logger
	admin   *http.Client
	// start starts Envoy and drain empties it before it is ended; tests put others in their place.
	start func() (process, error)
	drain func(running process, within time.Duration)
	// left is the Envoy that [Proxy.Adopt] has taken over, until Run goes on with it.
	left process

	mu    sync.Mutex
	state State
	// stopping says that Envoy's end is wanted.
	stopping bool
}

// State is what the supervisor knows of the process.
type State struct {
	// PID is 0 while no process runs.
	PID int
	// StartTicks is the process's start time; with the PID it names a process for good. See [pidfd.StartTicks].
	StartTicks uint64
	StartedAt  time.Time
	// Restarts counts the processes after the first.
	Restarts int
	// LastExit says how the process before this one ended; empty when there was none.
	LastExit string
}

// New checks the options and prepares the proxy; [Proxy.Run] starts it.
func New(o Options) (*Proxy, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Node = orDefault(o.Node, "sluice")
	o.MaxConnections = orDefault(o.MaxConnections, 50_000)
	o.KillAfter = orDefault(o.KillAfter, defaultKillAfter)
	if o.Binary == "" {
		return nil, errors.New("no Envoy binary is given")
	}
	if info, err := os.Stat(o.Dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("the proxy's directory %q does not exist", o.Dir)
	}
	// Envoy runs in the directory and is told of it by its command line.
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("the proxy's directory: %w", err)
	}
	o.Dir = dir
	admin := filepath.Join(o.Dir, adminSocketName)
	for _, socket := range []string{admin, o.XDSSocket} {
		if err := checkSocketPath(socket); err != nil {
			return nil, err
		}
	}
	p := &Proxy{options: o, logger: o.Logger, admin: adminClient(admin)}
	p.start, p.drain = p.startEnvoy, p.drainListeners
	return p, nil
}

// Process gives the PID and start time of the running Envoy, and zeros when none runs.
func (p *Proxy) Process() (pid int, startTicks uint64) {
	s := p.State()
	return s.PID, s.StartTicks
}

// Running says whether an Envoy process is there, ready or not.
func (p *Proxy) Running() bool { return p.State().PID != 0 }

// State gives what is known of the process now.
func (p *Proxy) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// WaitReady returns when Envoy serves, or with the context's error.
func (p *Proxy) WaitReady(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := p.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("envoy is not ready: %w", err)
		}
	}
}

func (p *Proxy) bootstrapFile() string { return bootstrapFile(p.options.Dir) }
func (p *Proxy) adminSocket() string   { return filepath.Join(p.options.Dir, adminSocketName) }

// maxSocketPath is the longest path that Linux takes for a unix socket (sun_path has 108 bytes with the final 0).
const maxSocketPath = 107

func checkSocketPath(path string) error {
	if path == "" {
		return errors.New("the discovery server's socket is not given")
	}
	if len(path) > maxSocketPath {
		return fmt.Errorf("the path of a unix socket can have %d bytes and %q has %d: choose a shorter state directory",
			maxSocketPath, path, len(path))
	}
	return nil
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
