package standalone

import (
	"context"
	"time"

	"github.com/sluice-serving/sluice/bench/rig"
)

// spent is the CPU time of sluice and of its Envoy.
type spent struct{ sluice, envoy time.Duration }

// per is what is spent in each of n.
func (s spent) per(n int) spent {
	return spent{s.sluice / time.Duration(n), s.envoy / time.Duration(n)}
}

// beyond is s less what a rate, measured over a time of its own, would have spent in wall. Where what is left is less than what
// the rate itself varies by, it may come out as nothing or less.
func (s spent) beyond(rate spent, over, wall time.Duration) spent {
	share := float64(wall) / float64(over)
	return spent{
		sluice: s.sluice - time.Duration(share*float64(rate.sluice)),
		envoy:  s.envoy - time.Duration(share*float64(rate.envoy)),
	}
}

// measure gives what sluice and Envoy spend while do runs, and how long it runs.
func (f *fleet) measure(do func() error) (spent, time.Duration, error) {
	begin := time.Now()
	sluice, envoy, err := f.usage()
	if err != nil {
		return spent{}, 0, err
	}
	if err := do(); err != nil {
		return spent{}, 0, err
	}
	sluiceAfter, envoyAfter, err := f.usage()
	return spent{sluiceAfter.CPU - sluice.CPU, envoyAfter.CPU - envoy.CPU}, time.Since(begin), err
}

func (f *fleet) usage() (sluice, envoy rig.Usage, err error) {
	if sluice, err = rig.UsageOf(f.sluice.PID()); err != nil {
		return sluice, envoy, err
	}
	pid, err := f.sluice.EnvoyPID()
	if err != nil {
		return sluice, envoy, err
	}
	envoy, err = rig.UsageOf(pid)
	return sluice, envoy, err
}

// rest waits for d.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
