package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Options are an engine's surroundings.
type Options struct {
	// Dir is the state directory: logs, volumes and the records of pods and processes. One engine uses it at a time.
	Dir string
	// Self is the path of the sluice binary, for the command "sluice".
	Self string
	// WorkDir is the working directory of containers that name none; empty means the pod's own directory.
	WorkDir string
	// Logger takes what an operator acts on; nil drops it.
	Logger *slog.Logger
	// ContainerEngine is podman, docker or nerdctl (a name on PATH or a path), empty if there is none.
	ContainerEngine string
	// Drain is called before SIGTERM of a pod that has been ready since its processes started: of one that goes, after it has
	// been published as terminating, and of one of which a probe has a container started anew, not ready from then on. It
	// blocks until the pod may be ended; its context ends when the engine stops, the pod has nothing left to drain or a
	// container's grace period is over, and then it must return, or Stop doesn't. Nil means at once.
	Drain func(context.Context, Pod) error
	// Changed is called after every published change. It must not block or call the engine's Apply, Delete or Stop.
	Changed func()
	// Listen is the address of every pod, 127.0.0.1 if empty.
	Listen string
}

// mark is how the processes of this state directory begin the value of their podVariable.
func (o Options) mark() string { return o.Dir + "#" }

// timing holds the waits that tests shorten.
type timing struct {
	backoffFirst, backoffLimit, backoffForgive time.Duration
	// quickProbe is the time between attempts of a probe that has not passed yet.
	quickProbe time.Duration
	// listenAfter is when a process that is not ready yet is first asked where it listens; then at doubling intervals.
	listenAfter time.Duration
	// leftoverGrace is how long processes of an earlier run may take to end.
	leftoverGrace time.Duration
}

// defaultTiming is for a person who watches: Kubernetes' own back-off begins at 10 s and ends at 5 min.
func defaultTiming() timing {
	return timing{
		backoffFirst: time.Second, backoffLimit: 10 * time.Second, backoffForgive: time.Minute,
		quickProbe: 200 * time.Millisecond, listenAfter: 2 * time.Second, leftoverGrace: 10 * time.Second,
	}
}

// Engine runs Deployments as processes. Its methods may be called from any goroutine.
type Engine struct {
	requests chan request
	// stopping is closed when Stop has begun.
	stopping <-chan struct{}
	// done is closed when no process is left and the loop has ended.
	done               chan struct{}
	stopSoft, stopHard context.CancelFunc
	lock               *flock.Flock
	published          *publication
}

// request is something that the loop does between two decisions.
type request struct {
	apply func(*loop)
	done  chan struct{}
}

// New goes on with the pods that an earlier run with the same Dir left because it was killed, and ends whatever else it left
// running. Adopted pods are in [Engine.Pods], and their Deployments' statuses in [Engine.Status], when New returns; nothing
// of a Deployment is started or ended by decision before it is applied or, by [Engine.Retire], given up. It fails when
// another engine uses Dir. The engine has to be stopped.
func New(options Options) (*Engine, error) { return newEngine(options, defaultTiming()) }

func newEngine(options Options, t timing) (*Engine, error) {
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, fmt.Errorf("state directory %s: %w", options.Dir, err)
	}
	options.Dir = dir
	options.Listen = cmp.Or(options.Listen, "127.0.0.1")
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "engine.lock"))
	switch held, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("lock state directory %s: %w", dir, err)
	case !held:
		return nil, fmt.Errorf("state directory %s is in use by another sluice: stop that one, or use another directory", dir)
	}
	h, err := newHost(options, t)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	found, err := h.takeStock()
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	soft, stopSoft := context.WithCancel(context.Background())
	hard, stopHard := context.WithCancel(context.Background())
	e := &Engine{
		requests: make(chan request), stopping: soft.Done(), done: make(chan struct{}), stopSoft: stopSoft, stopHard: stopHard, lock: lock,
		published: newPublication(options),
	}
	l := newLoop(h, e.published)
	go func() {
		defer close(e.done)
		logs := &logKeeper{logger: options.Logger, most: mostLog, files: func() []string { return runningLogs(e.Pods()) }}
		var keeping sync.WaitGroup
		keeping.Go(func() { logs.run(soft) })
		keeping.Go(func() { h.lookout.run(soft) })
		defer keeping.Wait()
		l.run(soft, hard, e.requests)
	}()
	e.do(func(l *loop) {
		for _, a := range found {
			l.adopt(a)
		}
	})
	return e, nil
}

// newHost opens the records of a state directory.
func newHost(options Options, t timing) (*host, error) {
	processes, err := openLedger(filepath.Join(options.Dir, "processes"), options.Logger)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	return &host{
		options: options, timing: t, ledger: processes, ports: newPortPool(), lookout: newLookout(),
		records: newRecords(options.Dir, processes.boot, options.Logger),
	}, nil
}

// Apply makes d what runs. A Deployment whose pod template is as before keeps its pods; one whose template has changed is
// rolled out by its strategy. It returns when the change has been taken up, not when it is complete. refs must not be
// changed afterwards. After Stop it does nothing.
func (e *Engine) Apply(d *appsv1.Deployment, refs References) {
	d = d.DeepCopy()
	e.do(func(l *loop) { l.apply(d, refs) })
}

// Retire drains and ends the Deployments that New has adopted and nobody has applied since: nothing asks for them any more.
// Whoever applies calls it once, when all that is to be kept is applied.
func (e *Engine) Retire() { e.do((*loop).retire) }

// Delete drains and ends a Deployment's pods. It returns when that has begun.
func (e *Engine) Delete(key types.NamespacedName) {
	e.do(func(l *loop) { l.delete(key) })
}

func (e *Engine) do(apply func(*loop)) {
	r := request{apply: apply, done: make(chan struct{})}
	select {
	case e.requests <- r:
		<-r.done
	case <-e.stopping:
	}
}

// Changes gives the Deployments of which anything has changed since the last call, each as it is now, in no order. It costs
// what has changed, however many Deployments there are. It has one caller.
func (e *Engine) Changes() []Change { return e.published.take() }

// Pods are snapshots of all pods, terminating ones included, sorted by namespace and name.
func (e *Engine) Pods() []Pod { return e.published.pods() }

// Status is a Deployment's status as Kubernetes would report it; the zero value for one that the engine doesn't have.
func (e *Engine) Status(key types.NamespacedName) appsv1.DeploymentStatus {
	return e.published.status(key)
}

// Stop ends everything without draining: SIGTERM, each pod's grace period or until ctx ends, SIGKILL. It returns when no
// process is left.
func (e *Engine) Stop(ctx context.Context) error {
	e.stopSoft()
	select {
	case <-e.done:
	case <-ctx.Done():
	}
	e.stopHard()
	<-e.done
	return e.lock.Close()
}
