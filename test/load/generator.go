package load

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Answer is what came back for one request.
type Answer struct {
	// Status is the HTTP status, or 0 if there was no answer. A gRPC call that failed has the 200 that carries its status.
	Status int
	// Backend is the name of the process that answered, empty if none did.
	Backend string
}

// Sender sends one request with an id of its own, once, and reads its answer whole. The error says that the request was not
// answered as it should have been; the answer then holds what is known.
type Sender interface {
	Send(ctx context.Context, id string) (Answer, error)
}

// Options are those of a run. Rate must be set.
type Options struct {
	// Rate is the number of requests begun in a second.
	Rate float64
	// MaxOutstanding bounds the requests that are not answered yet. The one beyond it ends the run with an error. 0 is 4,096.
	MaxOutstanding int
	// Timeout is how long one request may take, 0 for 90 s. It is there to end a run, not to measure.
	Timeout time.Duration
	// Name begins each request's id, so that the ids of several runs differ.
	Name string
}

const (
	defaultOutstanding = 4096
	defaultTimeout     = 90 * time.Second
)

// Outcome is the account of one request.
type Outcome struct {
	ID string
	// At is when the request was due, from the beginning of the run.
	At time.Duration
	// Late is how much later it was sent: the generator's own fault, and a part of Latency.
	Late time.Duration
	// Latency is from when it was due to the end of its answer.
	Latency time.Duration
	Answer
	Err error
}

// Run is load under way. It begins with [Start] and ends with [Run.Stop].
type Run struct {
	sender  Sender
	options Options
	begun   time.Time

	end     context.CancelFunc
	arrived chan struct{} // closed when no further request will be begun

	outstanding atomic.Int64
	requests    sync.WaitGroup

	mu       sync.Mutex
	outcomes []Outcome
	failures int
	err      error
}

// Start begins a run. Requests outlive ctx's end by no more than their timeout.
func Start(ctx context.Context, sender Sender, o Options) *Run {
	if o.Rate <= 0 {
		panic(fmt.Sprintf("load: a rate of %v requests a second", o.Rate))
	}
	if o.MaxOutstanding == 0 {
		o.MaxOutstanding = defaultOutstanding
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	arrivals, end := context.WithCancel(ctx)
	r := &Run{sender: sender, options: o, begun: time.Now(), end: end, arrived: make(chan struct{})}
	go r.arrive(arrivals, context.WithoutCancel(ctx))
	return r
}

// arrive begins each request at its time until ctx ends. A generator that was held up begins all that are due at once.
func (r *Run) arrive(ctx, requests context.Context) {
	defer close(r.arrived)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; ; n++ {
		at := time.Duration(float64(n) / r.options.Rate * float64(time.Second))
		timer.Reset(at - time.Since(r.begun))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if ctx.Err() != nil {
			return
		}
		if r.outstanding.Add(1) > int64(r.options.MaxOutstanding) {
			r.fail(fmt.Errorf("%d requests were outstanding %v after the beginning: the load could not go on at %v a second",
				r.options.MaxOutstanding, at.Round(time.Millisecond), r.options.Rate))
			return
		}
		r.requests.Go(func() { r.one(requests, fmt.Sprintf("%s-%d", r.options.Name, n), at) })
	}
}

func (r *Run) one(ctx context.Context, id string, at time.Duration) {
	defer r.outstanding.Add(-1)
	ctx, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	late := time.Since(r.begun) - at
	answer, err := r.sender.Send(ctx, id)
	out := Outcome{ID: id, At: at, Late: late, Latency: time.Since(r.begun) - at, Answer: answer, Err: err}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes = append(r.outcomes, out)
	if err != nil {
		r.failures++
	}
}

func (r *Run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// Counts are how many requests have ended so far, and how many of those failed.
func (r *Run) Counts() (ended, failed int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.outcomes), r.failures
}

// Stop begins no further request, waits for those outstanding and gives the account of all.
func (r *Run) Stop() Report {
	r.end()
	<-r.arrived
	r.requests.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return Report{Name: r.options.Name, Outcomes: r.outcomes, Took: time.Since(r.begun), Err: r.err}
}
