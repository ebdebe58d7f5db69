package model_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// doubler doubles its rows of two numbers. What it does meanwhile is run's.
type doubler struct {
	signature model.Signature
	run       func(ctx context.Context, rows int) error
	closed    atomic.Bool
}

var _ model.Predictor = (*doubler)(nil)

func newDoubler() *doubler {
	return &doubler{
		signature: model.Signature{
			Inputs:  []oip.TensorSpec{{Name: "x", Datatype: oip.FP32, Shape: []int64{-1, 2}}},
			Outputs: []oip.TensorSpec{{Name: "y", Datatype: oip.FP32, Shape: []int64{-1, 2}}},
		},
		run: func(context.Context, int) error { return nil },
	}
}

func (d *doubler) Signature() model.Signature { return d.signature }

func (d *doubler) Close() error {
	if d.closed.Swap(true) {
		return errors.New("closed twice")
	}
	return nil
}

func (d *doubler) Predict(ctx context.Context, inputs []oip.Tensor) ([]oip.Tensor, error) {
	if d.closed.Load() {
		return nil, errors.New("used after it was closed")
	}
	if err := d.run(ctx, int(inputs[0].Shape[0])); err != nil {
		return nil, err
	}
	var out []float32
	for _, v := range oip.Elements[float32](inputs[0]) {
		out = append(out, 2*v)
	}
	return []oip.Tensor{oip.NewTensor("y", oip.FP32, inputs[0].Shape, out)}, nil
}

func load(t *testing.T, d *doubler, options model.Options) *model.Model {
	t.Helper()
	m := model.New("m", "1", "test", func(context.Context) (model.Predictor, error) { return d, nil }, options)
	if err := m.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

func rows(values ...float32) []oip.Tensor {
	return []oip.Tensor{oip.NewTensor("x", oip.FP32, []int64{int64(len(values) / 2), 2}, values)}
}

func unload(t *testing.T, m *model.Model) {
	t.Helper()
	if err := m.Unload(); err != nil {
		t.Error(err)
	}
}

func TestAModelWarmsUpBeforeItIsReady(t *testing.T) {
	t.Parallel()
	d := newDoubler()
	var m *model.Model
	var warmed []model.State
	d.run = func(context.Context, int) error { warmed = append(warmed, m.Status().State); return nil }
	m = model.New("m", "1", "test", func(context.Context) (model.Predictor, error) { return d, nil }, model.Options{})
	if _, err := m.Predict(t.Context(), rows(1, 2), nil); !isNotReady(err, model.Unloaded) {
		t.Errorf("before loading: %v", err)
	}
	if err := m.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]model.State{model.Warming}, warmed); diff != "" || m.Status().State != model.Ready {
		t.Errorf("%s %v", diff, m.Status())
	}
	unload(t, m)
	if _, err := m.Predict(t.Context(), rows(1, 2), nil); !isNotReady(err, model.Unloaded) || !d.closed.Load() {
		t.Errorf("after unloading: %v", err)
	}
}

func isNotReady(err error, state model.State) bool {
	var notReady *model.NotReadyError
	return errors.As(err, &notReady) && notReady.State == state
}

func TestAFailedModelSaysWhyAndCanBeLoadedAgain(t *testing.T) {
	t.Parallel()
	broken := true
	m := model.New("m", "1", "test", func(context.Context) (model.Predictor, error) {
		if broken {
			return nil, errors.New("it is cut off")
		}
		return newDoubler(), nil
	}, model.Options{})
	if err := m.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Fatal(err)
	}
	if _, err := m.Signature(); !isNotReady(err, model.Failed) || !strings.Contains(err.Error(), `model "m" is not ready: it is failed: it is cut off`) {
		t.Error(err)
	}
	broken = false
	if err := m.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.Load(t.Context()); err == nil {
		t.Error("a ready model was loaded again")
	}
	unload(t, m)
}

func TestUnloadingWaitsForWhatIsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoubler()
		m := load(t, d, model.Options{})
		d.run = func(context.Context, int) error { time.Sleep(time.Second); return nil }
		answered := make(chan error, 1)
		go func() {
			_, err := m.Predict(t.Context(), rows(1, 2), nil)
			answered <- err
		}()
		synctest.Wait()
		start := time.Now()
		unload(t, m)
		if took := time.Since(start); took != time.Second {
			t.Errorf("unloaded after %v", took)
		}
		if err := <-answered; err != nil {
			t.Error(err)
		}
	})
}

func TestRequestsBeyondTheQueueAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoubler()
		m := load(t, d, model.Options{MaxConcurrency: 1, MaxQueue: 1})
		d.run = func(context.Context, int) error { time.Sleep(time.Second); return nil }
		answers := make(chan error, 2)
		ask := func(ctx context.Context) { _, err := m.Predict(ctx, rows(1, 2), nil); answers <- err }
		go ask(t.Context())
		synctest.Wait()
		waiting, leave := context.WithCancel(t.Context())
		go ask(waiting)
		synctest.Wait()
		var overloaded *model.OverloadedError
		if _, err := m.Predict(t.Context(), rows(1, 2), nil); !errors.As(err, &overloaded) || overloaded.Running != 1 || overloaded.Waiting != 1 {
			t.Errorf("the third: %v", err)
		}
		leave() // a client that goes away makes room
		if err := <-answers; !errors.Is(err, context.Canceled) {
			t.Errorf("the one that left: %v", err)
		}
		go ask(t.Context())
		for range 2 {
			if err := <-answers; err != nil {
				t.Error(err)
			}
		}
		unload(t, m)
	})
}

func TestInputsAndOutputsAreCheckedByName(t *testing.T) {
	t.Parallel()
	m := load(t, newDoubler(), model.Options{})
	defer unload(t, m)
	x := rows(1, 2)[0]
	renamed, retyped, reshaped := x, x, x
	renamed.Name, retyped.Datatype, reshaped.Shape = "z", oip.Int32, []int64{2}
	tests := []struct {
		inputs  []oip.Tensor
		outputs []string
		want    string
	}{
		{[]oip.Tensor{renamed}, nil, `tensor "z": the model has no such input; its inputs are "x" (FP32 [-1,2])`},
		{nil, nil, `tensor "x": the input is missing`},
		{[]oip.Tensor{retyped}, nil, `tensor "x": expected datatype FP32, given INT32`},
		{[]oip.Tensor{reshaped}, nil, `tensor "x": expected shape [-1,2], given [2]`},
		{[]oip.Tensor{x}, []string{"q"}, `tensor "q": the model has no such output; its outputs are "y" (FP32 [-1,2])`},
	}
	for _, test := range tests {
		if _, err := m.Predict(t.Context(), test.inputs, test.outputs); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	out, err := m.Predict(t.Context(), []oip.Tensor{x}, []string{"y", "y"})
	if err != nil || len(out) != 2 {
		t.Errorf("%v %v", out, err)
	}
}

// counting observes how many rows each call had.
type counting struct {
	mu   sync.Mutex
	rows []int
}

func (c *counting) Loaded(string, time.Duration) {}
func (c *counting) Batch(_ string, rows int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows = append(c.rows, rows)
}

func TestRequestsThatComeTogetherAreOneBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		observed := &counting{}
		m := load(t, newDoubler(), model.Options{Observer: observed, Batch: model.BatchOptions{MaxSize: 4, MaxLatency: time.Second}})
		start := time.Now()
		var asking sync.WaitGroup
		for i := range 4 {
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
		}
		asking.Wait()
		if took := time.Since(start); took != 0 {
			t.Errorf("a full batch waited %v", took)
		}
		out, err := m.Predict(t.Context(), rows(1, 2), nil)
		if err != nil || time.Since(start) != time.Second {
			t.Errorf("one alone was answered after %v: %v %v", time.Since(start), out, err)
		}
		if diff := cmp.Diff([]int{4, 1}, observed.rows); diff != "" {
			t.Error(diff)
		}
		unload(t, m)
	})
}

func TestABatchThatFailsIsComputedOneByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoubler()
		m := load(t, d, model.Options{Batch: model.BatchOptions{MaxSize: 3, MaxLatency: time.Second}})
		d.run = func(_ context.Context, rows int) error {
			if rows == 3 {
				return errors.New("one row is bad")
			}
			return nil
		}
		var asking sync.WaitGroup
		for range 3 {
			asking.Go(func() {
				if _, err := m.Predict(t.Context(), rows(1, 2), nil); err != nil {
					t.Error(err)
				}
			})
		}
		asking.Wait()
		unload(t, m)
	})
}

func TestAClientThatGoesAwayLeavesTheBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		observed := &counting{}
		m := load(t, newDoubler(), model.Options{Observer: observed, Batch: model.BatchOptions{MaxSize: 8, MaxLatency: time.Second}})
		ctx, leave := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		for i := range 3 {
			asking.Go(func() {
				if i == 0 {
					if _, err := m.Predict(ctx, rows(1, 2), nil); !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					return
				}
				if _, err := m.Predict(t.Context(), rows(1, 2), nil); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		leave()
		asking.Wait()
		if diff := cmp.Diff([]int{2}, observed.rows); diff != "" {
			t.Error(diff)
		}
		unload(t, m)
	})
}

func TestOnlyModelsWithAFreeFirstDimensionAreBatched(t *testing.T) {
	t.Parallel()
	d := newDoubler()
	d.signature.Outputs[0].Shape = []int64{1, 2}
	m := model.New("m", "1", "test", func(context.Context) (model.Predictor, error) { return d, nil }, model.Options{Batch: model.BatchOptions{MaxSize: 2}})
	if err := m.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "it can't be batched: the first dimension") || !d.closed.Load() {
		t.Error(err)
	}
}

// Requests of all sizes at once, with clients that go away, while the model is
// unloaded: nothing is answered wrongly, nothing hangs.
func TestBatchesHoldUnderLoad(t *testing.T) {
	t.Parallel()
	m := load(t, newDoubler(), model.Options{MaxConcurrency: 2, MaxQueue: 1000, Batch: model.BatchOptions{MaxSize: 5, MaxLatency: 100 * time.Microsecond}})
	var asking sync.WaitGroup
	for i := range 200 {
		asking.Go(func() {
			ctx := t.Context()
			if i%7 == 0 {
				var leave context.CancelFunc
				ctx, leave = context.WithTimeout(ctx, time.Duration(i)*time.Microsecond)
				defer leave()
			}
			values := make([]float32, 2*(i%8))
			for k := range values {
				values[k] = float32(i)
			}
			out, err := m.Predict(ctx, rows(values...), nil)
			if err != nil {
				if ctx.Err() == nil && !isNotReady(err, model.Unloading) && !isNotReady(err, model.Unloaded) {
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
		if i == 150 {
			asking.Go(func() { unload(t, m) })
		}
	}
	asking.Wait()
}
