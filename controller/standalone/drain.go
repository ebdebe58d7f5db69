package standalone

import (
	"context"
	"sync"
	"time"

	"github.com/sluice-serving/sluice/controller/engine"
)

// sweepEvery is how often Envoy is asked what lingering endpoints still have in flight, and missing paths are
// looked for.
const sweepEvery = 250 * time.Millisecond

// drain is one pod that the engine wants to end.
type drain struct {
	pod podKey
	// done is closed when Envoy has let go of every endpoint of the pod.
	done chan struct{}
	// closing says that done is about to be closed.
	closing bool
}

// Drain takes a pod out of Envoy: no new requests go to it, those in flight finish, and when it returns nil the
// pod may be ended. The error is that of ctx. Once the driver has stopped nobody knows what Envoy has in flight,
// and only ctx ends the wait.
func (d *Driver) Drain(ctx context.Context, pod engine.Pod) error {
	request := &drain{pod: podKey{pod.Namespace, pod.Name}, done: make(chan struct{})}
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
				close(request.done)
			}
		case !request.closing && !l.stillListed(pod):
			request.closing = true
			revision := l.routing.revision
			running.Go(func() {
				if awaitAcknowledged(ctx, l.envoys, l.traffic, revision) {
					close(request.done)
				}
			})
		}
	}
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
