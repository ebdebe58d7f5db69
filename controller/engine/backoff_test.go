package engine

import (
	"testing"
	"time"
)

func TestOneCrashIsNoLoop(t *testing.T) {
	t.Parallel()
	b := backoff{first: time.Second, limit: 4 * time.Second, forgive: time.Minute}
	for i, c := range []struct {
		ran, wait time.Duration
		reason    string
	}{
		{0, time.Second, ReasonError},
		{time.Second, 2 * time.Second, ReasonCrashLoopBackOff},
		{time.Second, 4 * time.Second, ReasonCrashLoopBackOff},
		{59 * time.Second, 4 * time.Second, ReasonCrashLoopBackOff},
		{time.Minute, time.Second, ReasonError},
		{0, 2 * time.Second, ReasonCrashLoopBackOff},
	} {
		if wait := b.delay(c.ran); wait != c.wait || crashed(b.again) != c.reason {
			t.Errorf("crash %d: %v, %s, want %v, %s", i+1, wait, crashed(b.again), c.wait, c.reason)
		}
	}
}
