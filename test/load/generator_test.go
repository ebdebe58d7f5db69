package load

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sender is a service in one function.
type sender func(ctx context.Context, id string) (Answer, error)

func (s sender) Send(ctx context.Context, id string) (Answer, error) { return s(ctx, id) }

// TestAStallIsSeenByEveryRequestThatWasDue stops answering for a second: requests are begun all the same, and each counts
// its wait from when it was due.
func TestAStallIsSeenByEveryRequestThatWasDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		r := Start(t.Context(), sender(func(context.Context, string) (Answer, error) {
			if at := time.Since(begun); at >= time.Second && at < 2*time.Second {
				time.Sleep(2*time.Second - at)
			}
			return Answer{Status: 200}, nil
		}), Options{Rate: 100, Name: "a"})
		time.Sleep(3*time.Second - time.Millisecond)
		report := r.Stop()
		if len(report.Outcomes) != 300 || report.Err != nil {
			t.Fatalf("%d requests and error %v, want 300 and none", len(report.Outcomes), report.Err)
		}
		slow := 0
		for _, o := range report.Outcomes {
			if o.Latency > 0 {
				slow++
			}
		}
		if slow != 100 {
			t.Errorf("%d requests waited, want the 100 that were due in the stall", slow)
		}
		if got := report.Percentile(100); got != time.Second {
			t.Errorf("the longest wait was %v, want 1s", got)
		}
		if stall, at := report.WorstStall(); stall != time.Second+10*time.Millisecond || at != 990*time.Millisecond {
			t.Errorf("the worst stall was %v at %v, want 1.01s at 990ms", stall, at)
		}
	})
}

func TestTooManyOutstandingRequestsEndTheRunLoudly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var begun atomic.Int64
		r := Start(t.Context(), sender(func(ctx context.Context, _ string) (Answer, error) {
			begun.Add(1)
			<-ctx.Done()
			return Answer{}, ctx.Err()
		}), Options{Rate: 1000, MaxOutstanding: 50, Timeout: time.Minute, Name: "a"})
		time.Sleep(2 * time.Minute)
		report := r.Stop()
		if begun.Load() != 50 || len(report.Failed()) != 50 {
			t.Errorf("%d begun and %d failed, want 50 of each", begun.Load(), len(report.Failed()))
		}
		if report.Err == nil || !strings.Contains(report.String(), "50 requests were outstanding") {
			t.Errorf("the report says %s", report)
		}
	})
}

func TestReportOfNothing(t *testing.T) {
	t.Parallel()
	if got := (Report{Name: "a"}).String(); !strings.HasPrefix(got, "a: 0 requests") {
		t.Errorf("got %s", got)
	}
}

func TestDescribeShowsTheFirstFew(t *testing.T) {
	t.Parallel()
	failed := make([]Outcome, 12)
	for i := range failed {
		failed[i].Err = errors.New("no")
	}
	if got := Describe(failed); strings.Count(got, "\n") != 11 || !strings.Contains(got, "and 2 more") {
		t.Errorf("got %s", got)
	}
}
