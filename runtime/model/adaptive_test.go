package model_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
)

// slow is a model with one lane whose calls take a second.
func slow(t *testing.T, maxRows int) (*model.Model, *doubler, *counting) {
	t.Helper()
	d, observed := newDoubler(), &counting{}
	m := load(t, d, model.Options{MaxConcurrency: 1, MaxQueue: 100, Observer: observed, Batch: model.BatchOptions{MaxSize: maxRows}})
	d.run = func(context.Context, int) error { time.Sleep(time.Second); return nil }
	return m, d, observed
}

func TestAnIdleModelAnswersAtOnceAndABusyOneInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _, observed := slow(t, 4)
		start := time.Now()
		var asking sync.WaitGroup
		ask := func(i int) {
			asking.Go(func() {
				v := float32(i)
				out, err := m.Predict(t.Context(), rows(v, v+10), nil)
				if err != nil {
					t.Error(err)
					return
				}
				if diff := cmp.Diff([]float32{2 * v, 2*v + 20}, oip.Elements[float32](out[0])); diff != "" {
					t.Error(diff)
				}
			})
			synctest.Wait()
		}
		for i := range 6 { // one runs, four fill a batch, one is left over
			ask(i)
		}
		asking.Wait()
		if diff := cmp.Diff([]int{1, 4, 1}, observed.rows); diff != "" || time.Since(start) != 3*time.Second {
			t.Error(diff, time.Since(start))
		}
		unload(t, m)
	})
}

func TestALeaderThatHasGoneStillServesItsBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, d, observed := slow(t, 8)
		calls := 0
		ctx, leave := context.WithCancel(t.Context())
		d.run = func(context.Context, int) error {
			if calls++; calls == 2 {
				leave()
			}
			time.Sleep(time.Second)
			return nil
		}
		var asking sync.WaitGroup
		ask := func(ctx context.Context, want error) {
			asking.Go(func() {
				if _, err := m.Predict(ctx, rows(1, 2), nil); !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
			})
			synctest.Wait()
		}
		// The second leaves while the first is computed and is taken out; the third leaves while it computes for the fourth and fifth.
		ask(t.Context(), nil)
		gone, leaveSoon := context.WithCancel(t.Context())
		ask(gone, context.Canceled)
		leaveSoon()
		synctest.Wait()
		ask(ctx, nil)
		ask(t.Context(), nil)
		ask(t.Context(), nil)
		asking.Wait()
		if diff := cmp.Diff([]int{1, 3}, observed.rows); diff != "" {
			t.Error(diff)
		}
		unload(t, m)
	})
}

func TestABusyModelsFailedBatchIsComputedOneByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, d, _ := slow(t, 8)
		d.run = func(_ context.Context, rows int) error {
			time.Sleep(time.Second)
			if rows > 1 {
				return errors.New("one row is bad")
			}
			return nil
		}
		var asking sync.WaitGroup
		for range 4 {
			asking.Go(func() {
				if _, err := m.Predict(t.Context(), rows(1, 2), nil); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		asking.Wait()
		unload(t, m)
	})
}

func TestTheAdaptiveBatcherHoldsUnderLoad(t *testing.T) {
	t.Parallel()
	m := load(t, newDoubler(), model.Options{MaxConcurrency: 2, MaxQueue: 10000, Batch: model.BatchOptions{MaxSize: 5}})
	var asking sync.WaitGroup
	for i := range 500 {
		asking.Go(func() {
			ctx := t.Context()
			if i%3 == 0 {
				var leave context.CancelFunc
				ctx, leave = context.WithCancel(ctx)
				go leave()
			}
			values := make([]float32, 2*(i%8))
			for k := range values {
				values[k] = float32(i)
			}
			runtime.Gosched()
			out, err := m.Predict(ctx, rows(values...), nil)
			if err != nil {
				if ctx.Err() == nil {
					t.Error(err)
				}
				return
			}
			for _, v := range oip.Elements[float32](out[0]) {
				if v != 2*float32(i) {
					t.Errorf("request %d got %v", i, v)
				}
			}
		})
	}
	asking.Wait()
	unload(t, m)
}
