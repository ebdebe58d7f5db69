package model

import (
	"context"
	"time"

	"github.com/sluice-serving/sluice/api/oip"
)

// timedBatcher joins requests that arrive close together: the first of a batch waits for others for as long as is set. One
// goroutine owns the batches being gathered; each full batch is computed by a goroutine of its own, so that gathering goes on.
type timedBatcher struct {
	computer
	options  BatchOptions
	arrivals chan *waiter
	stopped  chan struct{}
}

func newTimedBatcher(c computer, options BatchOptions) *timedBatcher {
	b := &timedBatcher{computer: c, options: options, arrivals: make(chan *waiter), stopped: make(chan struct{})}
	go b.gather()
	return b
}

// predict computes inputs in a batch with others. The context's end is the
// request's end, not the batch's.
func (b *timedBatcher) predict(ctx context.Context, c call) ([]oip.Tensor, error) {
	w := newWaiter(ctx, c)
	if w.rows == 0 || w.rows >= b.options.MaxSize || !sameRows(c.inputs) {
		return b.alone(ctx, c)
	}
	select {
	case b.arrivals <- w:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case a := <-w.answer:
		if a.alone {
			return b.alone(ctx, c)
		}
		return a.outputs, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// stop ends the batcher and waits for what it still computes for requests that
// have gone. No predict may be under way.
func (b *timedBatcher) stop() {
	close(b.arrivals)
	<-b.stopped
}

// gathering is the batches being gathered, one for each shape of row. It is the
// gather goroutine's alone.
type gathering struct {
	batches map[string]*batch
	timer   *time.Timer
}

type batch struct {
	waiters []*waiter
	rows    int
	due     time.Time
}

func (b *timedBatcher) gather() {
	defer close(b.stopped)
	g := gathering{batches: map[string]*batch{}, timer: time.NewTimer(time.Hour)}
	defer g.timer.Stop()
	running := 0
	done := make(chan struct{})
	run := func(batch *batch) {
		running++
		go func() {
			b.answerInParts(batch.waiters)
			done <- struct{}{}
		}()
	}
	arrivals := b.arrivals
	for arrivals != nil || running > 0 {
		select {
		case w, open := <-arrivals:
			if !open {
				arrivals = nil
				for _, batch := range g.batches {
					run(batch)
				}
				clear(g.batches)
				continue
			}
			for _, full := range g.add(w, time.Now(), b.options) {
				run(full)
			}
		case now := <-g.timer.C:
			for _, due := range g.due(now) {
				run(due)
			}
		case <-done:
			running--
		}
		g.rearm(time.Now())
	}
}

// answerInParts answers all; a request that is by itself is told to compute alone.
func (b *timedBatcher) answerInParts(waiters []*waiter) {
	again := b.answerAll(waiters)
	if len(again) == 1 {
		again[0][0].answer <- answer{alone: true}
		return
	}
	for _, part := range again {
		b.answerInParts(part)
	}
}

// add puts w into the batch of its shape and gives the batches that are full.
func (g *gathering) add(w *waiter, now time.Time, options BatchOptions) []*batch {
	key := w.call.kind()
	var full []*batch
	current := g.batches[key]
	if current != nil && current.rows+w.rows > options.MaxSize {
		full = append(full, current)
		current = nil
	}
	if current == nil {
		current = &batch{due: now.Add(options.MaxLatency)}
		g.batches[key] = current
	}
	current.waiters = append(current.waiters, w)
	current.rows += w.rows
	if current.rows == options.MaxSize || options.MaxLatency <= 0 {
		full = append(full, current)
		delete(g.batches, key)
	}
	return full
}

// due takes out the batches whose first request has waited long enough.
func (g *gathering) due(now time.Time) []*batch {
	var due []*batch
	for key, batch := range g.batches {
		if !batch.due.After(now) {
			due = append(due, batch)
			delete(g.batches, key)
		}
	}
	return due
}

func (g *gathering) rearm(now time.Time) {
	next := now.Add(time.Hour)
	for _, batch := range g.batches {
		if batch.due.Before(next) {
			next = batch.due
		}
	}
	g.timer.Reset(next.Sub(now))
}
