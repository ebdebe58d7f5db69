package standalone

import (
	"context"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/xds/server"
)

// sweepEvery is how often Envoy is asked what lingering endpoints still have in flight, and missing paths are
// looked for.
const sweepEvery = 250 * time.Millisecond

// quietPolls is how many times in a row an endpoint must be without requests. Envoy's workers take a new
// endpoint list a moment after Envoy acknowledges it, so that one look could come between.
const quietPolls = 2

// drain is one pod that the engine wants to end.
type drain struct {
	pod podKey
	// done is closed when Envoy has let go of every endpoint of the pod.
	done chan struct{}
	// closing says that done is about to be closed.
	closing bool
}

// Drain takes a pod out of Envoy: no new requests go to it, those in flight finish, and when it returns the
// pod may be ended. The error is that of ctx.
func (d *Driver) Drain(ctx context.Context, pod engine.Pod) error {
	request := &drain{pod: podKey{pod.Namespace, pod.Name}, done: make(chan struct{})}
	select {
	case d.drains <- request:
	case <-d.stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-request.done:
		return nil
	case <-d.stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// idleEndpoint is a lingering endpoint as one look at Envoy found it.
type idleEndpoint struct {
	backend  string
	endpoint endpointKey
	active   int
}

// sweep starts a look at what the lingering endpoints have in flight, unless one is under way.
func (l *loop) sweep(ctx context.Context, running *sync.WaitGroup) {
	if l.sweeping || len(l.routing.lingering.draining) == 0 {
		return
	}
	l.sweeping = true
	var asked []idleEndpoint
	for backend, stay := range l.routing.lingering.draining {
		for endpoint := range stay {
			asked = append(asked, idleEndpoint{backend: backend, endpoint: endpoint})
		}
	}
	revision := l.routing.revision
	running.Go(func() {
		answer := askActive(ctx, l.envoys, l.traffic, revision, asked)
		select {
		case l.idle <- answer:
		case <-ctx.Done():
		}
	})
}

// askActive waits until Envoy knows that the endpoints drain and then counts their requests. An Envoy that
// can't be asked has none: it isn't running.
func askActive(ctx context.Context, envoys Envoys, traffic Traffic, revision server.Revision, asked []idleEndpoint) []idleEndpoint {
	if envoys.Wait(ctx, revision) != nil {
		return nil
	}
	active, err := traffic.ActiveRequests(ctx)
	if err != nil {
		active = nil
	}
	for i, a := range asked {
		target := net.JoinHostPort(a.endpoint.address, strconv.Itoa(int(a.endpoint.port)))
		asked[i].active = active[a.backend][target]
	}
	return asked
}

// releaseIdle lets go of the endpoints that have been found idle often enough.
func (l *loop) releaseIdle(found []idleEndpoint) {
	l.sweeping = false
	polls := map[idleEndpoint]int{}
	for _, f := range found {
		if f.active > 0 {
			continue
		}
		polls[f] = l.quiet[f] + 1
		if polls[f] >= quietPolls {
			l.routing.lingering.release(f.backend, f.endpoint)
			l.routing.touch(f.backend)
			delete(polls, f)
		}
	}
	l.quiet = polls
}

// finishDrains lets the engine end the pods that Envoy has let go of. It comes after every publication.
func (l *loop) finishDrains(ctx context.Context, running *sync.WaitGroup) {
	alive := map[podKey]bool{}
	for i := range l.pods {
		pod := &l.pods[i]
		key := podKey{pod.Namespace, pod.Name}
		alive[key] = true
		request, draining := l.draining[key]
		if !draining || request.closing || l.stillListed(pod) {
			continue
		}
		request.closing = true
		revision := l.routing.revision
		running.Go(func() {
			if l.envoys.Wait(ctx, revision) == nil {
				close(request.done)
			}
		})
	}
	for key, request := range l.draining {
		if !alive[key] {
			delete(l.draining, key)
			if !request.closing {
				close(request.done)
			}
		}
	}
}

// stillListed says whether an endpoint of the pod is in any backend that Envoy has.
func (l *loop) stillListed(pod *engine.Pod) bool {
	for _, port := range pod.Ports {
		if l.routing.lists(endpointKey{pod.Address, uint16(port)}) {
			return true
		}
	}
	return false
}
