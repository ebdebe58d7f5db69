package engine

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// host is what all pods of an engine share.
type host struct {
	options Options
	timing  timing
	ledger  *ledger
	records *records
	ports   *portPool
	lookout *lookout
}

// pod runs one replica. The engine's loop makes it and tells it to leave; everything else happens in its own goroutines.
type pod struct {
	name, namespace, deployment, hash, uid string
	template                               corev1.PodTemplateSpec
	// refs are the Deployment's newest references, read at each start of a container.
	refs *sharedReferences
	host *host
	// dir holds the pod's volumes and temporary files and goes with it; logDir stays.
	dir, logDir string
	// leave is closed when the pod is to go, after its drain.
	leave chan struct{}
	// gone is closed when no process of the pod is left.
	gone chan struct{}
	// changed tells the loop that there is news. It does not block.
	changed func()

	// adopted is where each container is gone on with, in a pod that an earlier run has made; else it is nil.
	adopted []resumption

	// saving lets one goroutine at a time record the state. saved is what was recorded last, and fixed what of it never
	// changes; forgotten says that nothing is recorded any more.
	saving    sync.Mutex
	saved     podRecord
	fixed     podRecord
	forgotten bool
	// ending says that the engine stops: a run that is killed in the middle of that leaves pods that are to go.
	ending bool

	// portsTurn lets one container at a time look after the pod's ports.
	portsTurn sync.Mutex

	mu    sync.Mutex
	state Pod
	// served is true once the pod has been ready with the processes that it has now.
	served bool
}

// snapshot is the pod's state, shared with nobody.
func (p *pod) snapshot() Pod {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state.clone()
}

// change applies one change to the state and tells the loop.
func (p *pod) change(apply func(*Pod)) {
	p.mu.Lock()
	apply(&p.state)
	ready := allReady(p.state.Containers)
	switch {
	case !ready:
		p.state.ReadySince = time.Time{}
	case !p.state.Ready:
		p.state.ReadySince = time.Now()
	}
	p.state.Ready = ready
	p.served = ready || p.served && allRunning(p.state.Containers)
	p.mu.Unlock()
	p.save()
	p.changed()
}

// save records the state for a later run, if what is recorded of it has changed.
func (p *pod) save() {
	p.saving.Lock()
	defer p.saving.Unlock()
	if p.forgotten {
		return
	}
	next := p.fixed
	p.mu.Lock()
	next.State, next.Served = withoutMessages(p.state.clone()), p.served
	next.State.Terminating = next.State.Terminating || p.ending
	p.mu.Unlock()
	if reflect.DeepEqual(next, p.saved) {
		return
	}
	if err := p.host.records.savePod(next); err != nil {
		p.host.options.Logger.Warn("a pod can't be recorded: a start after a kill would make it anew", p.attributes(), "error", err)
		return
	}
	p.saved = next
}

// saveEnding records that the pod is to go, however that came.
func (p *pod) saveEnding() {
	p.saving.Lock()
	p.ending = true
	p.saving.Unlock()
	p.save()
}

// forget removes the record of a pod that has ended.
func (p *pod) forget() {
	p.saving.Lock()
	defer p.saving.Unlock()
	p.forgotten = true
	p.host.records.forgetPod(types.NamespacedName{Namespace: p.namespace, Name: p.name})
}

// allReady is true when every container that is to go on running is ready.
func allReady(containers []ContainerState) bool {
	for _, c := range containers {
		if !c.Ready && !(c.Init && c.State == StateTerminated && c.Reason == ReasonCompleted) {
			return false
		}
	}
	return len(containers) > 0
}

// allRunning is true while no main container is without its process. A process that ended has nothing in flight any more.
func allRunning(containers []ContainerState) bool {
	return !slices.ContainsFunc(containers, func(c ContainerState) bool { return !c.Init && c.PID == 0 })
}

// hasServed says that requests may be in flight in the pod's processes, whether it is ready now or not.
func (p *pod) hasServed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.served
}

func (p *pod) isLeaving() bool { return closed(p.leave) }

func (p *pod) isGone() bool { return closed(p.gone) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// run lives as long as the pod. soft ends it without a drain, hard without its grace period either. When it returns, no
// process of the pod is left.
func (p *pod) run(soft, hard context.Context) {
	life, end := context.WithCancel(soft)
	defer end()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if p.adopted != nil {
			p.resumeContainers(life, hard)
			return
		}
		p.runContainers(life, hard)
	}()
	select {
	case <-p.leave:
		p.drain(soft, done)
	case <-soft.Done():
	}
	p.saveEnding()
	end()
	<-done
	p.cleanUp(soft)
}

// drain waits until the pod's processes may be ended, if it has served: one that is not ready for a moment has its requests in
// flight all the same. It stops waiting when there is nothing left to drain.
func (p *pod) drain(soft context.Context, done <-chan struct{}) {
	state := p.snapshot()
	if p.host.options.Drain == nil || !p.hasServed() {
		return
	}
	err := unlessClosed(soft, done, func(ctx context.Context) error { return p.host.options.Drain(ctx, state) })
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		p.host.options.Logger.Warn("a pod is ended though its drain did not finish", p.attributes(), "error", err)
	}
}

func (p *pod) attributes() slog.Attr {
	return slog.Group("pod", "namespace", p.namespace, "name", p.name, "deployment", p.deployment)
}

// runContainers runs the init containers one after the other, then all others until life ends. Sidecars (init containers
// that restart always) are ended last, as on a cluster.
func (p *pod) runContainers(life, hard context.Context) {
	for _, dir := range []string{p.dir, filepath.Join(p.dir, "tmp"), p.logDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			p.host.options.Logger.Error("the state directory can't be written", p.attributes(), "error", err)
		}
	}
	var sidecars, mains sync.WaitGroup
	sidecarLife, endSidecars := context.WithCancel(hard)
	defer sidecars.Wait()
	defer endSidecars()
	for i := range p.template.Spec.InitContainers {
		c := p.container(&p.template.Spec.InitContainers[i], i)
		if !isSidecar(c.spec) {
			if !c.supervise(life, hard, true) {
				return
			}
			continue
		}
		sidecars.Go(func() { c.supervise(sidecarLife, hard, false) })
		select {
		case <-c.started:
		case <-life.Done():
			return
		case <-p.leave:
			return
		}
	}
	for i := range p.template.Spec.Containers {
		c := p.container(&p.template.Spec.Containers[i], len(p.template.Spec.InitContainers)+i)
		mains.Go(func() { c.supervise(life, hard, false) })
	}
	mains.Wait()
}

func (p *pod) container(spec *corev1.Container, index int) *container {
	c := &container{pod: p, spec: spec, index: index, started: make(chan struct{})}
	if p.adopted != nil {
		c.resumes = &p.adopted[index]
		c.starts, c.logUsed = c.resumes.starts, c.resumes.starts > 0
	}
	return c
}

// cleanUp ends what left the pod's process groups, gives back its ports and removes its directory. When the whole engine
// stops, it looks for such processes once itself.
func (p *pod) cleanUp(soft context.Context) {
	if soft.Err() == nil {
		endAll(marked(p.mark()), p.grace(nil), soft.Done())
	}
	p.host.ports.release(p.snapshot().Ports)
	p.forget()
	if err := os.RemoveAll(p.dir); err != nil {
		p.host.options.Logger.Warn("the directory of an ended pod can't be removed", p.attributes(), "error", err)
	}
}

// mark is the variable by which the pod's processes are known.
func (p *pod) mark() string {
	return podVariable + "=" + p.host.options.mark() + p.namespace + "/" + p.name
}

// grace is how long a process may take after SIGTERM: 30 s unless the pod, or a probe, says otherwise.
func (p *pod) grace(override *int64) time.Duration {
	seconds := int64(30)
	if s := p.template.Spec.TerminationGracePeriodSeconds; s != nil {
		seconds = *s
	}
	if override != nil {
		seconds = *override
	}
	return time.Duration(seconds) * time.Second
}

func (p *pod) downward() downward {
	return machine(downward{
		name: p.name, namespace: p.namespace, uid: p.uid, address: p.host.options.Listen,
		serviceAccount: p.template.Spec.ServiceAccountName, labels: p.template.Labels, annotations: p.template.Annotations,
	})
}

// currentPorts are the pod's real ports, taken when they are first asked for. One that is served by the container about to
// start, and that somebody else has taken while it was down, is replaced.
func (p *pod) currentPorts(served []corev1.ContainerPort) (portMap, error) {
	p.portsTurn.Lock()
	defer p.portsTurn.Unlock()
	ports := portMap(p.snapshot().Ports)
	var wanted []int32
	lost := portMap{}
	for _, declared := range declaredPorts(&p.template.Spec) {
		real, ok := ports[declared]
		isServed := slices.ContainsFunc(served, func(s corev1.ContainerPort) bool { return s.ContainerPort == declared })
		if ok && isServed && !portFree(real) {
			lost[declared] = real
		}
		if _, gone := lost[declared]; gone || !ok {
			wanted = append(wanted, declared)
		}
	}
	if len(wanted) == 0 {
		return ports, nil
	}
	found, err := p.host.ports.take(wanted)
	if err != nil {
		return nil, err
	}
	p.host.ports.release(lost)
	p.change(func(state *Pod) {
		next := maps.Clone(state.Ports)
		maps.Copy(next, found)
		state.Ports = next
	})
	return p.snapshot().Ports, nil
}
