package engine

import (
	"cmp"
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// verdict is what a probe says after its thresholds.
type verdict int

const (
	undecided verdict = iota
	passing
	failing
)

// probe is a Kubernetes probe with its defaults resolved.
type probe struct {
	initialDelay, period, timeout time.Duration
	successes, failures           int
	// grace overrides the pod's grace period when this probe ends the container.
	grace *int64
	check check
	// begins is the verdict before the first attempt.
	begins verdict
}

// check is one attempt: nil is a success.
type check func(ctx context.Context) error

// newProbe resolves the defaults of corev1.Probe: 10 s between attempts, 1 s for each, 1 success, 3 failures.
func newProbe(p *corev1.Probe, c check) *probe {
	return &probe{
		initialDelay: time.Duration(p.InitialDelaySeconds) * time.Second,
		period:       time.Duration(cmp.Or(p.PeriodSeconds, 10)) * time.Second,
		timeout:      time.Duration(cmp.Or(p.TimeoutSeconds, 1)) * time.Second,
		successes:    int(cmp.Or(p.SuccessThreshold, 1)),
		failures:     int(cmp.Or(p.FailureThreshold, 3)),
		grace:        p.TerminationGracePeriodSeconds,
		check:        c,
	}
}

// tally counts a probe's attempts against its thresholds.
type tally struct {
	verdict   verdict
	succeeded int
	failed    int
}

// observe adds one attempt. A failure that does not count (see pace) leaves everything as it was.
func (t tally) observe(ok, counts bool, p *probe) tally {
	switch {
	case ok:
		t.succeeded, t.failed = t.succeeded+1, 0
		if t.succeeded >= p.successes {
			t.verdict = passing
		}
	case counts:
		t.succeeded, t.failed = 0, t.failed+1
		if t.failed >= p.failures {
			t.verdict = failing
		}
	}
	return t
}

// pace says when attempts are made. While a probe has not passed yet, extra ones come between those that its period asks
// for, so that a program that starts in a tenth of a second need not wait ten; their failures don't count, so that a slow
// one has as long as its thresholds say.
type pace struct {
	period, quick time.Duration
	lastCounted   time.Time
}

// attempt says whether the attempt at now counts when it fails.
func (p *pace) attempt(now time.Time) (counts bool) {
	if !p.lastCounted.IsZero() && now.Sub(p.lastCounted) < p.period {
		return false
	}
	p.lastCounted = now
	return true
}

// wait is how long after an attempt the next one is due.
func (p *pace) wait(now time.Time, passed bool) time.Duration {
	untilCounted := max(0, p.lastCounted.Add(p.period).Sub(now))
	if passed {
		return untilCounted
	}
	return min(untilCounted, p.quick)
}

// outcome is what a running probe reports after an attempt.
type outcome struct {
	verdict verdict
	// err is the last attempt's failure, nil after a success.
	err error
}

// starved is how long after its time an attempt ends when this process had no processor to notice. Such an attempt says
// little of the program, which may have had none either; a few of them in a row, as many as failures, don't count.
const starved = 250 * time.Millisecond

// run makes attempts until ctx ends and reports each one whose outcome differs from the one before.
func (p *probe) run(ctx context.Context, quick time.Duration, report func(outcome)) {
	if !sleep(ctx, p.initialDelay) {
		return
	}
	count := tally{verdict: p.begins}
	var last string
	rhythm := pace{period: p.period, quick: min(quick, p.period)}
	passed, excused := p.begins == passing, 0
	for {
		began := time.Now()
		counts := rhythm.attempt(began)
		err := p.attempt(ctx)
		if ctx.Err() != nil {
			return
		}
		switch late := err != nil && time.Since(began) > p.timeout+starved; {
		case !late:
			excused = 0
		case excused < p.failures:
			counts, excused = false, excused+1
		}
		before := count.verdict
		count = count.observe(err == nil, counts, p)
		if text := errorText(err); count.verdict != before || text != last {
			last = text
			report(outcome{count.verdict, err})
		}
		passed = passed || count.verdict == passing
		if !sleep(ctx, rhythm.wait(time.Now(), passed)) {
			return
		}
	}
}

func (p *probe) attempt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	return p.check(ctx)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// sleep waits and says whether it did so to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
