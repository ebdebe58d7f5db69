package load

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Report is the account of a run that has ended.
type Report struct {
	Name string
	// Outcomes are in the order of their ends.
	Outcomes []Outcome
	Took     time.Duration
	// Err says that the run could not go on as asked.
	Err error
}

// Failed are the requests that were not answered as they should have been.
func (r Report) Failed() []Outcome {
	var failed []Outcome
	for _, o := range r.Outcomes {
		if o.Err != nil {
			failed = append(failed, o)
		}
	}
	return failed
}

// Percentile is the latency that p of 100 requests did not exceed, those that failed included. It is 0 for no requests.
func (r Report) Percentile(p float64) time.Duration {
	if len(r.Outcomes) == 0 {
		return 0
	}
	sorted := make([]time.Duration, 0, len(r.Outcomes))
	for _, o := range r.Outcomes {
		sorted = append(sorted, o.Latency)
	}
	slices.Sort(sorted)
	return sorted[min(int(p/100*float64(len(sorted))), len(sorted)-1)]
}

// WorstStall is the longest time in which no answer came although requests were due, and when it began.
func (r Report) WorstStall() (stall, at time.Duration) {
	ends := make([]time.Duration, 0, len(r.Outcomes))
	for _, o := range r.Outcomes {
		ends = append(ends, o.At+o.Latency)
	}
	slices.Sort(ends)
	var before time.Duration
	for _, end := range ends {
		if end-before > stall {
			stall, at = end-before, before
		}
		before = end
	}
	return stall, at
}

// WorstLateness is how much later than due the generator itself sent a request: the machine's stall, not the server's.
func (r Report) WorstLateness() time.Duration {
	var worst time.Duration
	for _, o := range r.Outcomes {
		worst = max(worst, o.Late)
	}
	return worst
}

// String is a line for people: counts, percentiles, the worst stall.
func (r Report) String() string {
	stall, at := r.WorstStall()
	ms := func(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }
	line := fmt.Sprintf("%s: %d requests in %v, %d failed; p50 %s, p99 %s, max %s; worst stall %s, %s after the beginning; sent at most %s late",
		r.Name, len(r.Outcomes), r.Took.Round(time.Millisecond), len(r.Failed()),
		ms(r.Percentile(50)), ms(r.Percentile(99)), ms(r.Percentile(100)), ms(stall), ms(at), ms(r.WorstLateness()))
	if r.Err != nil {
		line += "; " + r.Err.Error()
	}
	return line
}

// Describe lists outcomes, the first few of many.
func Describe(outcomes []Outcome) string {
	const most = 10
	var b strings.Builder
	for i, o := range outcomes {
		if i == most {
			fmt.Fprintf(&b, "and %d more\n", len(outcomes)-most)
			break
		}
		fmt.Fprintf(&b, "%s, due %v after the beginning, ended after %v: %v\n", o.ID, o.At.Round(time.Millisecond), o.Latency.Round(time.Millisecond), o.Err)
	}
	return b.String()
}
