package standalone

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sluice-serving/sluice/controller/engine"
)

// sweepEvery is how often Envoy is asked what lingering endpoints still have in flight, and missing paths are
// looked for.
const sweepEvery = 250 * time.Millisecond

// drain is one pod that the engine wants to end, or of which it wants to start a container anew.
type drain struct {
	pod podKey
	// processes are those that it had when the engine asked, by container, none for one without.
	processes []int
	// over is closed when nobody waits any more.
	over chan struct{}
	// earlier is another request for the same pod, which ends with this one.
	earlier *drain
	// done is closed when Envoy has let go of every endpoint of the pod.
	done chan struct{}
	// closing says that done is about to be closed.
	closing bool
}

// Drain takes a pod out of Envoy: no new requests go to it, those in flight finish, and when it returns nil the
// pod may be ended. The error is that of ctx. Once the driver has stopped nobody knows what Envoy has in flight,
// and only ctx ends the wait.
func (d *Driver) Drain(ctx context.Context, pod engine.Pod) error {
	request := &drain{pod: podKey{pod.Namespace, pod.Name}, processes: processesOf(&pod), done: make(chan struct{}), over: make(chan struct{})}
	defer close(request.over)
	select {
	case d.drains <- request:
	case <-d.stopped:
	case <-ctx.Done():
	}
	select {
	case <-request.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// startDrain takes a request to drain a pod.
func (l *loop) startDrain(request *drain) {
	if before := l.draining[request.pod]; before != nil && !before.closing {
		request.earlier = before
	}
	l.draining[request.pod] = request
	if pod, known := l.pods.byName[request.pod]; known {
		l.listing.touch(pod)
	}
}

// finishDrains lets the engine end the pods that Envoy has let go of. It comes after every publication.
func (l *loop) finishDrains(ctx context.Context, running *sync.WaitGroup) {
	for key, request := range l.draining {
		pod, there := l.pods.byName[key]
		switch {
		case !there:
			delete(l.draining, key)
			if !request.closing {
				request.finish()
			}
		case !request.closing && !l.stillListed(pod):
			request.closing = true
			revision := l.routing.revision
			running.Go(func() {
				if awaitAcknowledged(ctx, l.envoys, l.traffic, revision) {
					request.finish()
				}
			})
		}
	}
}

func (d *drain) finish() {
	for ; d != nil; d = d.earlier {
		close(d.done)
	}
}

// superseded says whether a pod stays that was drained for a container of it to be started anew, and its readiness alone
// decides from here on: the engine has been told, and what it shows of the pod is newer than its request.
func (d *drain) superseded(pod *engine.Pod) bool {
	for waiting := d; waiting != nil; waiting = waiting.earlier {
		select {
		case <-waiting.over:
		default:
			return false
		}
	}
	return !pod.Terminating && (!pod.Ready || !slices.Equal(d.processes, processesOf(pod)))
}

// endSuperseded has the pods listed again that are not drained any more, once they are ready.
func (l *loop) endSuperseded() {
	for key, request := range l.draining {
		if pod, there := l.pods.byName[key]; there && request.superseded(pod) {
			delete(l.draining, key)
			l.listing.touch(pod)
		}
	}
}

func processesOf(pod *engine.Pod) []int {
	var pids []int
	for i := range pod.Containers {
		pids = append(pids, pod.Containers[i].PID)
	}
	return pids
}

// stillListed says whether an endpoint of the pod is in any backend that Envoy has.
func (l *loop) stillListed(pod *engine.Pod) bool {
	for _, port := range pod.Ports {
		if l.routing.lingering.lists(endpointKey{pod.Address, uint16(port)}) {
			return true
		}
	}
	return false
}
