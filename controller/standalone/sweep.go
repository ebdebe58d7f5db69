package standalone

import (
	"context"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/sluice-serving/sluice/xds/server"
)

// quietPolls is how many times in a row an endpoint must be without requests. Envoy's workers take a new
// endpoint list a moment after Envoy acknowledges it, so that one look could come between.
const quietPolls = 2

// lingerer is an endpoint that stays in a backend for its requests' sake.
type lingerer struct {
	backend  string
	endpoint endpointKey
}

// look is what one look at Envoy found: the requests in flight at each endpoint that was asked about. It is nil
// when Envoy could not be asked, which says nothing about any of them.
type look map[lingerer]int

// sweep starts a look at what the lingering endpoints have in flight, unless one is under way.
func (l *loop) sweep(ctx context.Context, running *sync.WaitGroup) {
	var asked []lingerer
	for backend, stay := range l.routing.lingering.draining {
		for endpoint := range stay {
			asked = append(asked, lingerer{backend: backend, endpoint: endpoint})
		}
	}
	// An endpoint that came back in the meantime begins anew when it leaves again.
	maps.DeleteFunc(l.quiet, func(key lingerer, _ int) bool { return !slices.Contains(asked, key) })
	if l.sweeping || len(asked) == 0 {
		return
	}
	l.sweeping = true
	revision := l.routing.revision
	running.Go(func() {
		answer := lookAt(ctx, l.envoys, l.traffic, revision, asked)
		select {
		case l.looks <- answer:
		case <-ctx.Done():
		}
	})
}

// releaseIdle lets go of the endpoints that have been found idle often enough.
func (l *loop) releaseIdle(found look) {
	l.sweeping = false
	var idle []lingerer
	l.quiet, idle = countQuiet(l.quiet, found)
	for _, key := range idle {
		l.routing.lingering.release(key.backend, key.endpoint)
		l.routing.touch(key.backend)
	}
}

// countQuiet adds one look to how often in a row each endpoint has been found without requests, and gives those
// for which that is enough. A look that failed counts neither for nor against an endpoint.
func countQuiet(polls map[lingerer]int, found look) (next map[lingerer]int, idle []lingerer) {
	if found == nil {
		return polls, nil
	}
	next = map[lingerer]int{}
	for key, active := range found {
		switch count := polls[key] + 1; {
		case active > 0:
		case count >= quietPolls:
			idle = append(idle, key)
		default:
			next[key] = count
		}
	}
	return next, idle
}

// lookAt waits until Envoy knows that the endpoints drain and then counts their requests. Without an Envoy there
// are none.
func lookAt(ctx context.Context, envoys Envoys, traffic Traffic, revision server.Revision, asked []lingerer) look {
	if !acknowledged(ctx, envoys, traffic, revision) {
		return nil
	}
	named := map[string]bool{}
	for _, key := range asked {
		named[key.backend] = true
	}
	active, err := traffic.ActiveRequests(ctx, slices.Sorted(maps.Keys(named))...)
	if err != nil && traffic.Running() {
		return nil
	}
	found := look{}
	for _, key := range asked {
		// What Envoy doesn't list has no requests.
		found[key] = active[key.backend][net.JoinHostPort(key.endpoint.address, strconv.Itoa(int(key.endpoint.port)))]
	}
	return found
}

// acknowledged says whether Envoy serves by a revision, for which it waits while Envoy is connected. It is true
// when no Envoy runs, and false for one that runs without being connected: that one may still serve by anything.
func acknowledged(ctx context.Context, envoys Envoys, traffic Traffic, revision server.Revision) bool {
	if envoys.Wait(ctx, revision) != nil {
		return false
	}
	if !traffic.Running() {
		return true
	}
	clients := envoys.Clients()
	behind := func(c server.Client) bool { return c.Settled < revision }
	return len(clients) > 0 && !slices.ContainsFunc(clients, behind)
}

// awaitAcknowledged asks until a revision is acknowledged. It gives false when ctx ends before.
func awaitAcknowledged(ctx context.Context, envoys Envoys, traffic Traffic, revision server.Revision) bool {
	again := time.NewTicker(sweepEvery)
	defer again.Stop()
	for !acknowledged(ctx, envoys, traffic, revision) {
		select {
		case <-again.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
