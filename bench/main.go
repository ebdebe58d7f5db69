// Bench measures Sluice, beside a peer where there is one, and writes what it found.
//
//	go run ./bench --list
//	go run ./bench                     every benchmark, results into bench/results
//	go run ./bench --quick standalone  one, in seconds, results into bin/bench
//
// `make bench` builds what is measured first.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/bench/formats"
	"github.com/sluice-serving/sluice/bench/report"
	"github.com/sluice-serving/sluice/bench/rig"
	"github.com/sluice-serving/sluice/bench/standalone"
)

// benchmark is one that can be run by its name.
type benchmark struct {
	name, about string
	// parts can be run alone.
	parts []string
	run   func(context.Context, *rig.Rig) (*report.Report, error)
}

// benchmarks are all of them, in the order in which they are run.
func benchmarks() []benchmark {
	return []benchmark{
		{standalone.Name, "sluice run with 1, 100 and 1,000 services: cold start, changes, CPU, memory; Envoy's throughput with our configuration", standalone.Parts(), standalone.Run},
		{formats.Name, "sluice serve beside MLServer and KServe's Python server, and batches beside XGBoost and LightGBM themselves", formats.Parts(), formats.Run},
	}
}

// minRounds is how many rounds a result needs that may be kept.
const minRounds = 5

// options are the flags.
type options struct {
	rig   rig.Rig
	parts []string
	out   string
	list  bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:           "bench [NAME...]",
		Short:         "Measure Sluice, from the root of its checkout",
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, names []string) error {
			return o.run(cmd.Context(), names, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.list, "list", false, "list the benchmarks and their parts")
	flags.IntVar(&o.rig.Rounds, "rounds", 0, fmt.Sprintf("how often each contender is measured (default %d, 2 with --quick)", minRounds))
	flags.BoolVar(&o.rig.Quick, "quick", false, "show that everything works, in seconds; the numbers mean little")
	flags.IntSliceVar(&o.rig.Sizes, "sizes", nil, "sizes to measure in place of the benchmark's own, as in 1,1000")
	flags.StringSliceVar(&o.parts, "part", nil, "parts to measure in place of all")
	flags.StringVar(&o.out, "out", "", "directory for the results (default bench/results; bin/bench for a run that is not the whole benchmark)")
	return cmd
}

func (o *options) run(ctx context.Context, names []string, out, errOut io.Writer) error {
	if o.list {
		for _, b := range benchmarks() {
			if _, err := fmt.Fprintf(out, "%s: %s (parts: %s)\n", b.name, b.about, strings.Join(b.parts, ", ")); err != nil {
				return err
			}
		}
		return nil
	}
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	if err := o.complete(errOut); err != nil {
		return err
	}
	for _, b := range chosen {
		if err := o.measure(ctx, b, out); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	return nil
}

// choose gives the benchmarks of names, or all.
func choose(names []string) ([]benchmark, error) {
	all := benchmarks()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []benchmark
	for _, name := range names {
		i := slices.IndexFunc(all, func(b benchmark) bool { return b.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no benchmark %q; --list names them", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// complete checks the flags and resolves their defaults.
func (o *options) complete(errOut io.Writer) (err error) {
	o.rig.Logger = slog.New(slog.NewTextHandler(errOut, nil))
	if o.rig.Rounds == 0 {
		o.rig.Rounds = minRounds
		if o.rig.Quick {
			o.rig.Rounds = 2
		}
	}
	if o.rig.Rounds < 1 {
		return fmt.Errorf("--rounds %d: at least 1", o.rig.Rounds)
	}
	if slices.ContainsFunc(o.rig.Sizes, func(n int) bool { return n < 1 }) || !slices.IsSorted(o.rig.Sizes) {
		return fmt.Errorf("--sizes %v: numbers from 1, the smallest first", o.rig.Sizes)
	}
	if len(o.parts) > 0 {
		o.rig.Parts = map[string]bool{}
		for _, part := range o.parts {
			o.rig.Parts[part] = true
		}
	}
	if o.rig.Root, err = filepath.Abs("."); err != nil {
		return err
	}
	if o.out == "" {
		o.out = filepath.Join("bench", "results")
		if !o.rig.Whole() || o.rig.Rounds < minRounds {
			o.out = filepath.Join("bin", "bench")
		}
	}
	return nil
}

// measure runs one benchmark and writes its results.
func (o *options) measure(ctx context.Context, b benchmark, out io.Writer) (err error) {
	r, err := o.rig.Prepare()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Remove()) }()
	if err := r.CheckParts(b.parts...); err != nil {
		return err
	}
	origin, err := report.OriginOf(ctx, r.Root, r.Envoy)
	if err != nil {
		return err
	}
	result, err := b.run(ctx, r)
	if err != nil {
		return err
	}
	result.Origin = origin
	if err := result.Write(o.out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\nWritten to %s\n", result.Markdown(), filepath.Join(o.out, b.name+".{json,md,png}"))
	return err
}
