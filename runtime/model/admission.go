package model

import (
	"context"
	"sync/atomic"
)

// admission lets a bounded number of requests run and a bounded number wait.
type admission struct {
	model   string
	slots   chan struct{} // one entry a running request; nil: no bound
	queue   int64
	waiting atomic.Int64
	leave   func() // gives a slot back
}

func newAdmission(model string, running, waiting int) *admission {
	a := &admission{model: model, queue: int64(waiting)}
	a.leave = func() {}
	if running > 0 {
		a.slots = make(chan struct{}, running)
		a.leave = func() { <-a.slots }
	}
	return a
}

// reserve waits for a slot and gives its release. It gives an
// *OverloadedError at once if as many wait as may, and ctx's error if ctx ends
// first: a client that goes away leaves the queue.
func (a *admission) reserve(ctx context.Context) (release func(), err error) {
	if a.slots == nil {
		return a.leave, nil
	}
	select {
	case a.slots <- struct{}{}:
		return a.leave, nil
	default:
	}
	if a.waiting.Add(1) > a.queue {
		a.waiting.Add(-1)
		return nil, &OverloadedError{Model: a.model, Running: cap(a.slots), Waiting: int(a.queue)}
	}
	defer a.waiting.Add(-1)
	select {
	case a.slots <- struct{}{}:
		return a.leave, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
