// Package standalone measures `sluice run` by itself: with 1, 100 and 1,000 services how long it takes to start, how long
// a changed file takes to be what is served, and what CPU time and memory that costs; and what of Envoy's throughput is left
// with Sluice's configuration of it, beside the smallest configuration that does the same.
//
// The sluices of all sizes run side by side while changes are measured, and bursts of changes go round among them: a
// thousand processes can't be started anew for each round. What the others use meanwhile, which the table shows as idle
// CPU, is then missing to the smallest as well as to the largest.
package standalone

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluice-serving/sluice/bench/report"
	"github.com/sluice-serving/sluice/bench/rig"
)

// Name is the benchmark's.
const Name = "standalone"

// The parts that can be measured alone.
const (
	partStatic   = "static"
	partProcess  = "process"
	partOverhead = "overhead"
)

// Parts are the names of the parts.
func Parts() []string { return []string{partStatic, partProcess, partOverhead} }

// Run measures what r asks for.
func Run(ctx context.Context, r *rig.Rig) (*report.Report, error) {
	binary, err := buildBackend(ctx, r)
	if err != nil {
		return nil, err
	}
	e := effortOf(r)
	out := &report.Report{Bench: Name, Notes: []string{r.Note()}}
	if r.Wants(partProcess) || r.Wants(partStatic) {
		out.Notes = append(out.Notes, sizesNote(e))
	}
	if r.Wants(partProcess) {
		if err := runProcess(ctx, r, binary, e, out); err != nil {
			return nil, err
		}
	}
	if r.Wants(partStatic) {
		if err := runStatic(ctx, r, binary, e, out); err != nil {
			return nil, err
		}
	}
	if r.Wants(partOverhead) {
		if err := runOverhead(ctx, r, binary, e, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// buildBackend compiles the backend into the temporary folder.
func buildBackend(ctx context.Context, r *rig.Rig) (string, error) {
	binary := filepath.Join(r.Work, "backend")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./bench/standalone/backend") //nolint:gosec // the path is the rig's own
	build.Dir = r.Root
	if printed, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the backend: %w\n%s", err, printed)
	}
	return binary, nil
}

// runProcess measures InferenceServices.
func runProcess(ctx context.Context, r *rig.Rig, binary string, e effort, out *report.Report) error {
	k, err := customKind(r, binary)
	if err != nil {
		return err
	}
	outcomes, err := measureKind(ctx, r, k, e)
	if err != nil {
		return err
	}
	return reportKind(out, k, "", outcomes)
}

// customKind makes the model that the kind needs; nobody reads it.
func customKind(r *rig.Rig, binary string) (kind, error) {
	model := filepath.Join(r.Work, "model")
	if err := os.MkdirAll(model, 0o700); err != nil {
		return kind{}, err
	}
	return custom(binary, model), os.WriteFile(filepath.Join(model, "weights"), []byte("0"), 0o600)
}

// runStatic measures static endpoints, with the one process that they all are.
func runStatic(ctx context.Context, r *rig.Rig, binary string, e effort, out *report.Report) (err error) {
	port, err := rig.FreePort()
	if err != nil {
		return err
	}
	backend, err := r.Start(rig.Command{Name: "backend", Path: binary, Env: []string{fmt.Sprintf("PORT=%d", port)}})
	if err != nil {
		return err
	}
	defer backend.End()
	err = backend.Await(ctx, time.Minute, func(context.Context) error {
		printed, err := os.ReadFile(backend.LogFile())
		if err == nil && !strings.HasPrefix(string(printed), "127.0.0.1:") {
			err = fmt.Errorf("no address printed")
		}
		return err
	})
	if err != nil {
		return err
	}
	outcomes, err := measureKind(ctx, r, static(port), e)
	if err != nil {
		return err
	}
	return reportKind(out, static(port), "_static", outcomes)
}
