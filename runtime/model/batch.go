package model

import (
	"context"
	"time"

	"github.com/sluice-serving/sluice/api/oip"
)

// BatchOptions say how requests are joined into one call of the predictor.
type BatchOptions struct {
	// MaxSize is the most rows of one call; up to 1 joins nothing.
	MaxSize int
	// MaxLatency is how long the first request of a batch waits for others.
	MaxLatency time.Duration
}

func (o BatchOptions) enabled() bool { return o.MaxSize > 1 }

// batcher joins requests that arrive close together along their first
// dimension. One goroutine owns the batches being gathered; each full batch is
// computed by a goroutine of its own, so that gathering goes on.
type batcher struct {
	predictor Predictor
	options   BatchOptions
	observe   func(rows int)
	arrivals  chan *waiter
	stopped   chan struct{}
}

// waiter is a request in a batch.
type waiter struct {
	gone   <-chan struct{} // closed when the client has gone
	inputs []oip.Tensor
	rows   int
	answer chan answer // of capacity 1: an answer waits for nobody
}

// answer is what a batch gives a request.
type answer struct {
	outputs []oip.Tensor
	alone   bool // there was no joint answer: the request is to be computed by itself
}

func newBatcher(predictor Predictor, options BatchOptions, observe func(rows int)) *batcher {
	b := &batcher{predictor: predictor, options: options, observe: observe, arrivals: make(chan *waiter), stopped: make(chan struct{})}
	go b.gather()
	return b
}

// predict computes inputs in a batch with others. The context's end is the
// request's end, not the batch's.
func (b *batcher) predict(ctx context.Context, inputs []oip.Tensor) ([]oip.Tensor, error) {
	w := &waiter{gone: ctx.Done(), inputs: inputs, rows: rowsOf(inputs), answer: make(chan answer, 1)}
	if w.rows == 0 || w.rows >= b.options.MaxSize || !sameRows(inputs) {
		return b.alone(ctx, w)
	}
	select {
	case b.arrivals <- w:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case a := <-w.answer:
		if a.alone {
			return b.alone(ctx, w)
		}
		return a.outputs, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *batcher) alone(ctx context.Context, w *waiter) ([]oip.Tensor, error) {
	b.observe(w.rows)
	return b.predictor.Predict(ctx, w.inputs)
}

// stop ends the batcher and waits for what it still computes for requests that
// have gone. No predict may be under way.
func (b *batcher) stop() {
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

func (b *batcher) gather() {
	defer close(b.stopped)
	g := gathering{batches: map[string]*batch{}, timer: time.NewTimer(time.Hour)}
	defer g.timer.Stop()
	running := 0
	done := make(chan struct{})
	run := func(batch *batch) {
		running++
		go func() {
			b.compute(batch.waiters)
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

// add puts w into the batch of its shape and gives the batches that are full.
func (g *gathering) add(w *waiter, now time.Time, options BatchOptions) []*batch {
	key := rowShape(w.inputs)
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

// compute answers the requests of a batch. Those whose client has gone are left
// out. If the joined call fails, each is told to go by itself, so that one
// request's fault is not its neighbours'.
func (b *batcher) compute(waiters []*waiter) {
	present, rows := stillThere(waiters)
	if len(present) > 1 {
		b.observe(rows)
		// Nobody's end may end the batch for the others.
		outputs, err := b.predictor.Predict(context.Background(), join(present, rows))
		if parts, ok := split(outputs, present, rows); err == nil && ok {
			for i, w := range present {
				w.answer <- answer{outputs: parts[i]}
			}
			return
		}
	}
	for _, w := range present {
		w.answer <- answer{alone: true}
	}
}

func stillThere(waiters []*waiter) (present []*waiter, rows int) {
	for _, w := range waiters {
		select {
		case <-w.gone:
		default:
			present = append(present, w)
			rows += w.rows
		}
	}
	return present, rows
}
