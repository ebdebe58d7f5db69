package formats

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/bench/report"
	"github.com/sluice-serving/sluice/bench/rig"
	"github.com/sluice-serving/sluice/bench/rounds"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/lightgbm"
	"github.com/sluice-serving/sluice/runtime/trees/xgboost"
)

// features is the number of columns that library.py makes.
const features = 28

// booster is a library whose models ours reads.
type booster struct {
	name string
	// datatype is that of the rows, as the library has them.
	datatype oip.Datatype
	open     func(file string, threads int) (tabular.Estimator, error)
}

func boosters() []booster {
	return []booster{
		{"xgboost", oip.FP32, func(file string, threads int) (tabular.Estimator, error) {
			return xgboost.Open(file, xgboost.Options{Threads: threads})
		}},
		{"lightgbm", oip.FP64, func(file string, threads int) (tabular.Estimator, error) {
			return lightgbm.Open(file, lightgbm.Options{Threads: threads})
		}},
	}
}

// batch is what was measured with one model on some threads.
type batch struct {
	booster
	rows, trees, threads int
	ours, library        []time.Duration
}

// runBatch measures both libraries.
func runBatch(ctx context.Context, r *rig.Rig, python rig.Python, e effort, out *report.Report) (err error) {
	all, err := rig.CPUs()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rig.Pin(os.Getpid(), all)) }()
	var batches []batch
	for _, b := range boosters() {
		found, err := measureBooster(ctx, r, python, b, e, all)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		batches = append(batches, found...)
	}
	return reportBatches(out, batches, e)
}

// measureBooster measures a library's models on one thread and, where there are two processors, on two.
func measureBooster(ctx context.Context, r *rig.Rig, python rig.Python, b booster, e effort, cpus []int) (batches []batch, err error) {
	folder, err := os.MkdirTemp(r.Work, b.name+"-")
	if err != nil {
		return nil, err
	}
	peer, err := startLibrary(ctx, r, python, b.name, folder, e.trees)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, peer.stop()) }()
	for n, trees := range e.trees {
		frame, err := b.frame(folder, n)
		if err != nil {
			return nil, err
		}
		for threads := 1; threads <= min(2, len(cpus)); threads++ {
			estimator, err := b.check(ctx, folder, n, threads, frame)
			if err != nil {
				return nil, err
			}
			for _, pid := range []int{os.Getpid(), peer.cmd.Process.Pid} {
				if err := rig.Pin(pid, cpus[:threads]); err != nil {
					return nil, err
				}
			}
			times, err := rounds.Rotate(ctx, r.Rounds,
				func(ctx context.Context, _ int) (time.Duration, error) {
					return timeOurs(ctx, estimator, frame, e.batch)
				},
				func(context.Context, int) (time.Duration, error) { return peer.time(n, threads, e.batch) })
			if err != nil {
				return nil, err
			}
			r.Logger.Info("batch", "library", b.name, "trees", trees, "threads", threads, "ours", times[0], "its own", times[1])
			batches = append(batches, batch{b, frame.Rows, trees, threads, times[0], times[1]})
		}
	}
	return batches, nil
}

// frame reads the rows of model number n.
func (b booster) frame(folder string, n int) (*tabular.Frame, error) {
	data, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("%d.rows", n)))
	if err != nil {
		return nil, err
	}
	size := b.datatype.Size()
	t := oip.Tensor{Datatype: b.datatype, Data: oip.Align(data, size)}
	m := &tabular.Matrix{Rows: len(data) / size / features, Cols: features}
	if b.datatype == oip.FP32 {
		m.F32 = oip.Elements[float32](t)
	} else {
		m.F64 = oip.Elements[float64](t)
	}
	return &tabular.Frame{Rows: m.Rows, Numbers: m}, nil
}

// check opens model number n and wants it to predict what the library does.
func (b booster) check(ctx context.Context, folder string, n, threads int, frame *tabular.Frame) (tabular.Estimator, error) {
	estimator, err := b.open(filepath.Join(folder, fmt.Sprintf("%d.model", n)), threads)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("%d.predict", n)))
	if err != nil {
		return nil, err
	}
	want := oip.Elements[float64](oip.Tensor{Datatype: oip.FP64, Data: oip.Align(data, oip.FP64.Size())})
	predicted, err := estimator.Compute(ctx, frame, []int{0})
	if err != nil {
		return nil, err
	}
	if got := oip.AppendFloat64s(nil, predicted[0]); !agree(want, got) {
		return nil, fmt.Errorf("model %d: the library predicts %d values as %v, ours %d as %v", n, len(want), want[:3], len(got), got[:3])
	}
	return estimator, nil
}

// timeOurs gives the median time of a call that predicts the frame.
func timeOurs(ctx context.Context, estimator tabular.Estimator, frame *tabular.Frame, during time.Duration) (time.Duration, error) {
	var times []time.Duration
	for begin := time.Now(); len(times) == 0 || time.Since(begin) < during; {
		start := time.Now()
		if _, err := estimator.Compute(ctx, frame, []int{0}); err != nil {
			return 0, err
		}
		times = append(times, time.Since(start))
	}
	return rounds.Quantile(times, 0.5), nil
}
