package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sluice-serving/sluice/bench/rounds"
)

// answerTimeout is how long after the end a last answer may take.
const answerTimeout = 10 * time.Second

// Options say how much load there is.
type Options struct {
	Target Target
	// Connections is how many requests are in flight at all times.
	Connections int
	// Warmup is asked before anything counts, Duration is what counts.
	Warmup, Duration time.Duration
}

// Result is what a closed loop measured.
type Result struct {
	// Requests were answered in Elapsed.
	Requests int
	Elapsed  time.Duration
	// Warmups were answered beside them, most of them before.
	Warmups int
	// P50 and P99 are how long an answer took. In a closed loop a slow server is asked less, so that these are not what
	// a client that keeps its own pace would see.
	P50, P99 time.Duration
}

// Rate gives requests per second.
func (r Result) Rate() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// Closed asks without a pause over a fixed number of connections. An answer that is not 200, a connection that fails and
// the end of ctx are errors: a benchmark with failed requests has no result.
func Closed(ctx context.Context, o Options) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := make([]*worker, o.Connections)
	defer func() {
		for _, w := range workers {
			if w != nil {
				_ = w.connection.Close() // it was used to the end or has failed
			}
		}
	}()
	for i := range workers {
		connection, err := Dial(ctx, o.Target)
		if err != nil {
			return Result{}, err
		}
		workers[i] = &worker{connection: connection}
	}
	begin := time.Now().Add(o.Warmup)
	end := begin.Add(o.Duration)
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(func() {
			if w.err = w.ask(ctx, begin, end); w.err != nil {
				cancel()
			}
		})
	}
	group.Wait()
	return collect(o, workers)
}

func collect(o Options, workers []*worker) (Result, error) {
	var latencies []time.Duration
	var failure error
	warmups := 0
	for _, w := range workers {
		latencies = append(latencies, w.latencies...)
		warmups += w.warmups
		// Those that were cancelled only followed the one that failed.
		if w.err != nil && (failure == nil || errors.Is(failure, context.Canceled)) {
			failure = w.err
		}
	}
	if failure != nil {
		return Result{}, fmt.Errorf("load on %s at %s: %w", o.Target.Host, o.Target.Address, failure)
	}
	if len(latencies) == 0 {
		return Result{}, fmt.Errorf("load on %s at %s: no answer in %v", o.Target.Host, o.Target.Address, o.Duration)
	}
	slices.Sort(latencies)
	return Result{
		Requests: len(latencies), Elapsed: o.Duration, Warmups: warmups,
		P50: rounds.SortedQuantile(latencies, 0.5), P99: rounds.SortedQuantile(latencies, 0.99),
	}, nil
}

// worker is one connection's state.
type worker struct {
	connection *Connection
	latencies  []time.Duration
	warmups    int
	err        error
}

// ask asks until end and notes how long each answer took that was whole between begin and end.
func (w *worker) ask(ctx context.Context, begin, end time.Time) error {
	if err := w.connection.SetDeadline(end.Add(answerTimeout)); err != nil {
		return err
	}
	for sent := time.Now(); sent.Before(end); {
		if err := ctx.Err(); err != nil {
			return err
		}
		answer, err := w.connection.Ask()
		if err != nil {
			return err
		}
		if status := answer.StatusCode(); status != fasthttp.StatusOK {
			return fmt.Errorf("answered %d: %.200s", status, answer.Body())
		}
		now := time.Now()
		if !sent.Before(begin) && !now.After(end) {
			w.latencies = append(w.latencies, now.Sub(sent))
		} else {
			w.warmups++
		}
		sent = now
	}
	return nil
}
