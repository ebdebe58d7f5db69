package model_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
)

// choosy doubles rows of two numbers, and refuses a call in which one is negative, with that row's number and value.
type choosy struct {
	*doubler
	names       bool // the error says which rows
	calls, rows atomic.Int64
}

func (c *choosy) Predict(ctx context.Context, inputs []oip.Tensor) ([]oip.Tensor, error) {
	values := oip.Elements[float32](inputs[0])
	c.calls.Add(1)
	c.rows.Add(int64(len(values) / 2))
	for i, v := range values {
		if v < 0 {
			refused := &model.InvalidInputError{Problem: fmt.Sprintf("row %d: %v", i/2, v)}
			if c.names {
				refused.Rows = []int{i / 2}
			}
			return nil, refused
		}
	}
	return c.doubler.Predict(ctx, inputs)
}

func loadChoosy(t testing.TB, options model.Options) (*model.Model, *choosy) {
	t.Helper()
	c := &choosy{doubler: newDoubler()}
	m := model.New("m", "1", "test", func(context.Context) (model.Predictor, error) { return c, nil }, options)
	if err := m.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m, c
}

// ask sends a request of its own number, bad in its last row or good, and says what is wrong with the answer.
func ask(ctx context.Context, m *model.Model, number, size int, bad bool) error {
	values := make([]float32, 2*size)
	for i := range values {
		values[i] = float32(number)
	}
	if bad {
		values[2*size-1] *= -1
	}
	out, err := m.Predict(ctx, rows(values...), nil)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	if bad {
		var invalid *model.InvalidInputError
		if want := fmt.Sprintf("row %d: %v", size-1, -number); !errors.As(err, &invalid) || invalid.Problem != want {
			return fmt.Errorf("request %d: %w instead of %s", number, err, want)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("request %d: %w", number, err)
	}
	doubled := oip.Elements[float32](out[0])
	if len(doubled) != len(values) {
		return fmt.Errorf("request %d: %d numbers instead of %d", number, len(doubled), len(values))
	}
	for _, v := range doubled {
		if v != float32(2*number) {
			return fmt.Errorf("request %d got %v", number, v)
		}
	}
	return nil
}

// TestEachOfABatchGetsItsOwnRowsOrItsOwnError: one request in twenty is bad, and one in ten goes away at some time.
func TestEachOfABatchGetsItsOwnRowsOrItsOwnError(t *testing.T) {
	t.Parallel()
	for name, latency := range map[string]time.Duration{"adaptive": 0, "timed": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(10) {
				m, c := loadChoosy(t, model.Options{MaxConcurrency: 1 + int(seed%3), MaxQueue: 10000, Batch: model.BatchOptions{MaxSize: 32, MaxLatency: latency}})
				c.names = seed%2 == 0
				c.run = func(context.Context, int) error { runtime.Gosched(); return nil }
				random := rand.New(rand.NewPCG(seed, 1))
				var asking sync.WaitGroup
				for i := range 600 {
					size, bad, goes := 1+random.IntN(3), random.IntN(20) == 0, random.IntN(10) == 0
					asking.Go(func() {
						ctx, leave := context.WithCancel(t.Context())
						defer leave()
						if goes {
							go func() { runtime.Gosched(); leave() }()
						}
						if err := ask(ctx, m, i+1, size, bad); err != nil {
							t.Errorf("seed %d: %v", seed, err)
						}
					})
				}
				asking.Wait()
				unload(t, m)
			}
		})
	}
}

// TestABadRequestCostsItsBatchFewCalls: of 32 requests that wait, one is bad. All calls are in the one lane: the first, the
// failed batch, and two for each halving, or two in all where the error names the row.
func TestABadRequestCostsItsBatchFewCalls(t *testing.T) {
	t.Parallel()
	for i := range 64 {
		bad, names, want := i%32, i >= 32, int64(2+2*5)
		if names {
			want = 2 + 2
		}
		synctest.Test(t, func(t *testing.T) {
			m, c := loadChoosy(t, model.Options{MaxConcurrency: 1, MaxQueue: 100, Batch: model.BatchOptions{MaxSize: 32}})
			var running, most atomic.Int64
			c.run = func(context.Context, int) error {
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(time.Second)
				running.Add(-1)
				return nil
			}
			c.names = names
			c.calls.Store(0)
			var asking sync.WaitGroup
			for i := range 33 {
				asking.Go(func() {
					if err := ask(t.Context(), m, i+1, 1, i == bad+1); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
			}
			asking.Wait()
			if calls := c.calls.Load(); calls != want || most.Load() != 1 {
				t.Errorf("bad request %d: %d calls, %d at once", bad, calls, most.Load())
			}
			unload(t, m)
		})
	}
}

// BenchmarkBadRequests has 64 clients ask one lane, none or one request in twenty bad, of a model that takes 50 µs for a call and 5 µs
// for a row. calls/op and rows/op are the predictor's for each request; good-p99-ns is what the good ones waited.
func BenchmarkBadRequests(b *testing.B) {
	const clients = 64
	for _, kind := range []struct {
		percent int
		names   bool
	}{{0, false}, {5, false}, {5, true}} {
		percent := kind.percent
		b.Run(fmt.Sprintf("bad=%d%%,named=%t", percent, kind.names), func(b *testing.B) {
			m, c := loadChoosy(b, model.Options{MaxConcurrency: 1, MaxQueue: 10000, Batch: model.BatchOptions{MaxSize: clients}})
			c.names = kind.names
			c.run = func(_ context.Context, rows int) error {
				for start := time.Now(); time.Since(start) < 50*time.Microsecond+time.Duration(rows)*5*time.Microsecond; {
					runtime.Gosched()
				}
				return nil
			}
			var next atomic.Int64
			var asking sync.WaitGroup
			took := make([][]time.Duration, clients)
			b.ResetTimer()
			for client := range clients {
				asking.Go(func() {
					random := rand.New(rand.NewPCG(uint64(client), 1))
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						bad, start := random.IntN(100) < percent, time.Now()
						if err := ask(b.Context(), m, int(i%1000)+1, 1, bad); err != nil {
							b.Error(err)
						}
						if !bad {
							took[client] = append(took[client], time.Since(start))
						}
					}
				})
			}
			asking.Wait()
			all := slices.Concat(took...)
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)*99/100]), "good-p99-ns")
			b.ReportMetric(float64(c.calls.Load())/float64(b.N), "calls/op")
			b.ReportMetric(float64(c.rows.Load())/float64(b.N), "rows/op")
			if err := m.Unload(); err != nil {
				b.Error(err)
			}
		})
	}
}
