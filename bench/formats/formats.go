// Package formats measures `sluice serve` beside MLServer and KServe's Python server over the models of KServe's first examples: how many
// requests they answer, how fast, and with how much memory; and the kernel under it beside XGBoost and LightGBM themselves, over batches of
// 10,000 rows. ONNX is not among them: neither peer serves it.
package formats

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/sluice-serving/sluice/bench/report"
	"github.com/sluice-serving/sluice/bench/rig"
)

// Name is the benchmark's.
const Name = "formats"

// partBatch is the part with the batches; the others are the formats.
const partBatch = "batch"

// Parts are the names of the parts.
func Parts() []string {
	parts := []string{partBatch}
	for _, f := range served() {
		parts = append(parts, f.name)
	}
	return parts
}

// effort is how much is measured.
type effort struct {
	// connections are the numbers of requests in flight.
	connections []int
	// warmup and loaded are those of one round of one server at one number of connections.
	warmup, loaded time.Duration
	// trees are the sizes of the models that predict batches, the first for the ratios; batch is how long one round repeats.
	trees []int
	batch time.Duration
}

func effortOf(r *rig.Rig) effort {
	e := effort{connections: []int{1, 16, 64}, warmup: 400 * time.Millisecond, loaded: 1500 * time.Millisecond, trees: []int{100, 500}, batch: 500 * time.Millisecond}
	if r.Quick {
		e.connections, e.warmup, e.loaded, e.trees, e.batch = []int{1, 16}, 200*time.Millisecond, time.Second, []int{20}, 100*time.Millisecond
	}
	if len(r.Sizes) > 0 {
		e.connections = r.Sizes
	}
	return e
}

// Run measures what r asks for.
func Run(ctx context.Context, r *rig.Rig) (*report.Report, error) {
	mlserver, err := r.Python(ctx, "bench-mlserver", filepath.Join("bench", "formats", "peers", "mlserver.txt"))
	if err != nil {
		return nil, err
	}
	kserve, err := r.Python(ctx, "bench-kserve", filepath.Join("bench", "formats", "peers", "kserve.txt"))
	if err != nil {
		return nil, err
	}
	e := effortOf(r)
	out := &report.Report{Bench: Name, Notes: []string{r.Note()}}
	if err := runServing(ctx, r, settings(r, mlserver, kserve), e, out); err != nil {
		return nil, err
	}
	if !r.Wants(partBatch) {
		return out, nil
	}
	return out, runBatch(ctx, r, kserve, e, out)
}

// runServing measures the servers, format by format.
func runServing(ctx context.Context, r *rig.Rig, settings []setting, e effort, out *report.Report) (err error) {
	measured, others, err := rig.SplitCPUs()
	if err != nil {
		return err
	}
	all, err := rig.CPUs()
	if err != nil {
		return err
	}
	// The client is this process.
	if err := rig.Pin(os.Getpid(), others); err != nil {
		return err
	}
	defer func() {
		if len(others) > 0 {
			err = errors.Join(err, rig.Pin(os.Getpid(), all))
		}
	}()
	noted := false
	for _, f := range served() {
		if !r.Wants(f.name) {
			continue
		}
		if !noted {
			out.Notes, noted = append(out.Notes, servingNote(e, measured, others)), true
		}
		outcomes, err := measureServing(ctx, r, f, settings, e, measured)
		if err != nil {
			return err
		}
		if err := reportServing(out, f, outcomes, e); err != nil {
			return err
		}
	}
	return nil
}
