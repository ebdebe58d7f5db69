package standalone

import (
	"context"
	"errors"
	"time"

	"github.com/sluice-serving/sluice/bench/rig"
	"github.com/sluice-serving/sluice/bench/rounds"
)

// effort is how much is measured.
type effort struct {
	sizes []int
	// changes are made in each round at each size.
	changes int
	// idle is how long the idle machine is watched, and polled how long one that is only polled.
	idle, polled time.Duration
	// warmup and loaded are those of one round of throughput.
	warmup, loaded time.Duration
}

func effortOf(r *rig.Rig) effort {
	e := effort{sizes: []int{1, 100, 1000}, changes: 20, idle: 10 * time.Second, polled: 5 * time.Second, warmup: 2 * time.Second, loaded: 8 * time.Second}
	if r.Quick {
		e = effort{sizes: []int{1, 20}, changes: 5, idle: time.Second, polled: time.Second, warmup: 500 * time.Millisecond, loaded: 2 * time.Second}
	}
	if len(r.Sizes) > 0 {
		e.sizes = r.Sizes
	}
	return e
}

// outcome is what was measured at one size.
type outcome struct {
	size int
	// cold are the cold starts.
	cold []time.Duration
	// idle was spent in idleFor without any request, polled in polledFor with service 0 polled.
	idle, polled       spent
	idleFor, polledFor time.Duration
	// sluice and envoy are their memory at the end, models the mean of the models' processes, in bytes.
	sluice, envoy, models int
	bursts                []burst
}

// measureKind measures one kind at all sizes: cold starts first, then changes, with the sluices of all sizes running.
func measureKind(ctx context.Context, r *rig.Rig, k kind, e effort) (out []outcome, err error) {
	fleets := make([]*fleet, len(e.sizes))
	defer func() {
		for _, f := range fleets {
			if f != nil {
				err = errors.Join(err, f.stop())
			}
		}
	}()
	out = make([]outcome, len(e.sizes))
	for i, size := range e.sizes {
		out[i].size = size
		if fleets[i], err = newFleet(ctx, r, k, size); err != nil {
			return nil, err
		}
	}
	if err := coldStarts(ctx, r, fleets, out); err != nil {
		return nil, err
	}
	for i, f := range fleets {
		if err := f.watch(ctx, e, &out[i]); err != nil {
			return nil, err
		}
	}
	if err := changes(ctx, r, fleets, e, out); err != nil {
		return nil, err
	}
	for i, f := range fleets {
		if err := f.weigh(&out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// coldStarts starts every fleet in each round, alone on the machine; those of the last round stay, one beside the other.
func coldStarts(ctx context.Context, r *rig.Rig, fleets []*fleet, out []outcome) error {
	for round := range r.Rounds {
		for i, f := range fleets {
			took, err := f.start(ctx)
			if err != nil {
				return err
			}
			r.Logger.Info("cold start", "kind", f.kind.name, "services", f.size, "round", round+1, "took", took.Round(time.Millisecond))
			out[i].cold = append(out[i].cold, took)
			if round == r.Rounds-1 {
				continue
			}
			if err := f.stop(); err != nil {
				return err
			}
		}
	}
	return nil
}

// watch measures what is used without a change.
func (f *fleet) watch(ctx context.Context, e effort, out *outcome) (err error) {
	// The first requests of a service have Envoy connect to it and make its statistics.
	if err := f.pollFor(ctx, e.polled); err != nil {
		return err
	}
	if out.idle, out.idleFor, err = f.measure(func() error { return rest(ctx, e.idle) }); err != nil {
		return err
	}
	out.polled, out.polledFor, err = f.measure(func() error { return f.pollFor(ctx, e.polled) })
	return err
}

// changes makes a burst of changes at each size in turn, in each round.
func changes(ctx context.Context, r *rig.Rig, fleets []*fleet, e effort, out []outcome) error {
	contenders := make([]rounds.Measure[burst], len(fleets))
	for i, f := range fleets {
		contenders[i] = func(ctx context.Context, round int) (burst, error) {
			b, err := f.burst(ctx, e.changes)
			if err == nil {
				r.Logger.Info("changes", "kind", f.kind.name, "services", f.size, "round", round+1,
					"p50", rounds.Quantile(b.times, 0.5).Round(time.Millisecond), "max", rounds.Quantile(b.times, 1).Round(time.Millisecond))
			}
			return b, err
		}
	}
	bursts, err := rounds.Rotate(ctx, r.Rounds, contenders...)
	if err != nil {
		return err
	}
	for i := range out {
		out[i].bursts = bursts[i]
	}
	return nil
}

// weigh takes the memory of all processes.
func (f *fleet) weigh(out *outcome) error {
	sluice, envoy, err := f.usage()
	if err != nil {
		return err
	}
	out.sluice, out.envoy = sluice.RSS, envoy.RSS
	children, err := rig.Children(f.sluice.PID())
	if err != nil {
		return err
	}
	models := children["backend"]
	for _, pid := range models {
		used, err := rig.UsageOf(pid)
		if err != nil {
			return err
		}
		out.models += used.RSS / len(models)
	}
	return nil
}
