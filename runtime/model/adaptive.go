package model

import (
	"context"
	"slices"
	"sync"

	"github.com/sluice-serving/sluice/api/oip"
)

// adaptiveBatcher joins the requests that wait while others are computed. A request that finds a lane free is computed at once
// by its own goroutine; when it is done, those of the same kind that came meanwhile go together, in the goroutine of the first of
// them. So an idle model answers without a wait, a busy one in batches as large as the load makes them, and there is no time to set.
// A batch that fails is split, in halves where the error names no rows, and the parts come next in the lanes, until the requests at
// fault are by themselves.
type adaptiveBatcher struct {
	computer
	maxRows int
	lanes   int // how many calls run at once

	mu      sync.Mutex
	running int
	waiting []*waiter
	parts   [][]*waiter // of batches that failed; they go before those that wait
}

func newAdaptiveBatcher(c computer, maxRows, lanes int) *adaptiveBatcher {
	return &adaptiveBatcher{computer: c, maxRows: maxRows, lanes: lanes}
}

func (b *adaptiveBatcher) predict(ctx context.Context, c call) ([]oip.Tensor, error) {
	w := b.enter(ctx, c)
	if w != nil {
		return b.wait(ctx, w)
	}
	defer b.leave()
	return b.alone(ctx, c)
}

// enter takes a lane and gives nil, or puts the call among those that wait.
func (b *adaptiveBatcher) enter(ctx context.Context, c call) *waiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running < b.lanes {
		b.running++
		return nil
	}
	w := newWaiter(ctx, c)
	b.waiting = append(b.waiting, w)
	return w
}

func (b *adaptiveBatcher) wait(ctx context.Context, w *waiter) ([]oip.Tensor, error) {
	var a answer
	select {
	case a = <-w.answer:
	case <-ctx.Done():
		if b.withdraw(w) {
			return nil, ctx.Err()
		}
		// It was taken into a batch already. Where it is the one to compute that, the others depend on it.
		select {
		case a = <-w.answer:
		default:
			return nil, ctx.Err()
		}
	}
	if a.lead != nil {
		return b.lead(ctx, w, a.lead)
	}
	return a.outputs, nil
}

// lead computes a batch, w's, in the lane that was passed on with it. Where it fails, w stays for the parts that it is in; the
// others have leaders of their own.
func (b *adaptiveBatcher) lead(ctx context.Context, w *waiter, batch []*waiter) ([]oip.Tensor, error) {
	defer b.leave()
	again := b.answerAll(batch)
	for len(again) > 1 {
		own := max(0, slices.IndexFunc(again, func(part []*waiter) bool { return slices.Contains(part, w) }))
		for i, part := range again {
			if i != own {
				b.postpone(part)
			}
		}
		again = b.answerAll(again[own])
	}
	if len(again) == 1 && again[0][0] != w {
		b.postpone(again[0])
	}
	select {
	case a := <-w.answer:
		return a.outputs, nil
	default:
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return b.alone(ctx, w.call)
	}
}

// postpone puts part of a failed batch before those that wait. Those whose client has gone are left out, as they may have found
// themselves in a batch and left: they would lead none.
func (b *adaptiveBatcher) postpone(part []*waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if present, _ := stillThere(part); len(present) > 0 {
		b.parts = append(b.parts, present)
	}
}

// leave passes the lane on to the next batch, or gives it back. The message to the batch's first goes out under the lock, so that
// whoever finds itself taken finds the message too.
func (b *adaptiveBatcher) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	batch := b.take()
	if batch == nil {
		b.running--
		return
	}
	batch[0].answer <- answer{lead: batch}
}

// take takes the last part of a failed batch or else the first that waits, and those behind it that can go with it. A request
// of more rows than a batch may have goes alone.
func (b *adaptiveBatcher) take() []*waiter {
	if last := len(b.parts) - 1; last >= 0 {
		part := b.parts[last]
		b.parts = slices.Delete(b.parts, last, last+1)
		return part
	}
	if len(b.waiting) == 0 {
		return nil
	}
	first := b.waiting[0]
	batch, rows := []*waiter{first}, first.rows
	if len(b.waiting) == 1 || !first.joinable() {
		b.waiting = slices.Delete(b.waiting, 0, 1)
		return batch
	}
	kind := first.kind()
	kept := b.waiting[:0]
	for _, w := range b.waiting[1:] {
		if rows+w.rows > b.maxRows || !w.joinable() || w.kind() != kind {
			kept = append(kept, w)
			continue
		}
		batch, rows = append(batch, w), rows+w.rows
	}
	clear(b.waiting[len(kept):])
	b.waiting = kept
	return batch
}

// withdraw takes w from those that wait; false if it is in a batch already.
func (b *adaptiveBatcher) withdraw(w *waiter) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, w); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
		return true
	}
	for k, part := range b.parts {
		i := slices.Index(part, w)
		if i < 0 {
			continue
		}
		if b.parts[k] = slices.Delete(part, i, i+1); len(part) == 1 {
			b.parts = slices.Delete(b.parts, k, k+1)
		}
		return true
	}
	return false
}

// stop has nothing to wait for: every batch is computed by a request.
func (b *adaptiveBatcher) stop() {}
