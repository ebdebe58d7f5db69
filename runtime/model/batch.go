package model

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sluice-serving/sluice/api/oip"
)

// BatchOptions say how requests are joined into one call of the predictor.
type BatchOptions struct {
	// MaxSize is the most rows of one call; up to 1 joins nothing.
	MaxSize int
	// MaxLatency is how long the first request of a batch waits for others. With 0 none waits while the model is idle:
	// requests that come while as many calls run as may are joined when one ends.
	MaxLatency time.Duration
}

func (o BatchOptions) enabled() bool { return o.MaxSize > 1 }

// batcher joins requests along their first dimension.
type batcher interface {
	// predict computes a request, in a batch with others or alone.
	predict(ctx context.Context, c call) ([]oip.Tensor, error)
	// stop waits for what is still computed for requests that have gone. No predict may be under way.
	stop()
}

// computer is the predictor as batchers see it.
type computer struct {
	run     func(ctx context.Context, c call) ([]oip.Tensor, error)
	observe func(rows int)
}

// call is what one run of the predictor is asked.
type call struct {
	inputs []oip.Tensor
	// outputs are the indices of what is computed, for a Selective predictor; others compute all.
	outputs []int
}

// waiter is a request in a batch.
type waiter struct {
	gone <-chan struct{} // closed when the client has gone
	call
	rows   int
	answer chan answer // of capacity 1: an answer waits for nobody
}

// answer is what a batch gives a request.
type answer struct {
	outputs []oip.Tensor
	alone   bool      // there was no joint answer: the request is to be computed by itself
	lead    []*waiter // the request is the first of these, all of which it is to compute
}

func newWaiter(ctx context.Context, c call) *waiter {
	return &waiter{gone: ctx.Done(), call: c, rows: rowsOf(c.inputs), answer: make(chan answer, 1)}
}

func (c computer) alone(ctx context.Context, what call) ([]oip.Tensor, error) {
	c.observe(rowsOf(what.inputs))
	return c.run(ctx, what)
}

// answerAll answers the requests of a batch jointly, but for those whose client has gone. It gives those that have no joint answer,
// in the parts in which they are to be asked again, so that one request's fault is not its neighbours'. A part of one is alone.
func (c computer) answerAll(waiters []*waiter) (again [][]*waiter) {
	present, rows := stillThere(waiters)
	switch len(present) {
	case 0:
		return nil
	case 1:
		return [][]*waiter{present}
	}
	c.observe(rows)
	// Nobody's end may end the batch for the others.
	outputs, err := c.run(context.Background(), call{inputs: join(present, rows), outputs: present[0].outputs})
	parts, ok := split(outputs, present, rows)
	if err != nil || !ok {
		return apart(present, err)
	}
	for i, w := range present {
		w.answer <- answer{outputs: parts[i]}
	}
	return nil
}

// apart splits what failed together, at least two: those at fault from the others, if the error names them, else in halves.
func apart(waiters []*waiter, err error) [][]*waiter {
	var parts [][]*waiter
	var invalid *InvalidInputError
	if errors.As(err, &invalid) && len(invalid.Rows) > 0 {
		var others []*waiter
		start := 0
		for _, w := range waiters {
			if slices.ContainsFunc(invalid.Rows, func(row int) bool { return row >= start && row < start+w.rows }) {
				parts = append(parts, []*waiter{w})
			} else {
				others = append(others, w)
			}
			start += w.rows
		}
		if len(others) > 0 {
			parts = append(parts, others)
		}
	}
	if len(parts) < 2 {
		middle := (len(waiters) + 1) / 2
		return [][]*waiter{waiters[:middle:middle], waiters[middle:]}
	}
	return parts
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
