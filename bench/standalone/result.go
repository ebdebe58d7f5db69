package standalone

import (
	"fmt"
	"time"

	"github.com/sluice-serving/sluice/bench/report"
	"github.com/sluice-serving/sluice/bench/rounds"
)

// flatnessAim is how much of the speed of a change at the smallest size is to be left at the largest.
const flatnessAim = 0.8

// sizesNote says how what depends on the number of services was measured.
func sizesNote(e effort) string {
	return fmt.Sprintf(`A cold start lasts from the start of the program to the moment at which every service has answered 200 through Envoy; it has the
machine to itself. A change lasts from the replacement of service 0's file to the end of the first answer that shows it, polled each
millisecond over a connection that stays open: a response header that a route sets (static endpoints), or traffic that goes from one of
two revisions to the other (InferenceServices). Sluice waits for a moment whether more of the same change comes, which is part of it.
There are %d changes a round and size. While they are made the sluices of all sizes run side by side, and bursts of changes go round among
them. CPU of a change is what is spent beyond polling alone;
less than polling itself varies by is below the noise.`, e.changes)
}

// reportKind adds what was measured of one kind.
func reportKind(out *report.Report, k kind, suffix string, outcomes []outcome) error {
	out.Tables = append(out.Tables, table(k, outcomes))
	out.Plots = append(out.Plots, plots(k, outcomes)...)
	first, last := outcomes[0], outcomes[len(outcomes)-1]
	if first.size == last.size {
		return nil // of one size there is no ratio
	}
	comparison, err := rounds.Compare(rounds.Less, last.medians(), first.medians())
	if err != nil {
		return err
	}
	out.Ratios = append(out.Ratios, report.Ratio{
		Key:   fmt.Sprintf("flatness_%d_to_%d%s", first.size, last.size, suffix),
		About: fmt.Sprintf("%s: time of a change with %d (ours) and with %d (peer), medians of the rounds", k.title, last.size, first.size),
		Aim:   flatnessAim, Unit: "ms", Comparison: comparison,
	})
	return nil
}

// medians are the median times of a change, by round, in milliseconds.
func (o outcome) medians() []float64 {
	var out []float64
	for _, b := range o.bursts {
		out = append(out, milliseconds(rounds.Quantile(b.times, 0.5)))
	}
	return out
}

// times are those of all changes.
func (o outcome) times() []time.Duration {
	var out []time.Duration
	for _, b := range o.bursts {
		out = append(out, b.times...)
	}
	return out
}

// change is what one change costs beyond polling, over all of them.
func (o outcome) change() spent {
	var used spent
	var wall time.Duration
	for _, b := range o.bursts {
		used.sluice, used.envoy, wall = used.sluice+b.used.sluice, used.envoy+b.used.envoy, wall+b.wall
	}
	return used.beyond(o.polled, o.polledFor, wall).per(len(o.times()))
}

func table(k kind, outcomes []outcome) report.Table {
	t := report.Table{
		Title: "Sizes: " + k.title,
		Columns: []string{"services", "cold start, s (min to max)", "change p50, ms", "change p99, ms", "changes",
			"CPU of a change, ms: sluice", "Envoy", "idle CPU, % of a core: sluice", "Envoy", "memory, MiB: sluice", "Envoy", "a model"},
	}
	for _, o := range outcomes {
		times, change := o.times(), o.change()
		model := "–"
		if o.models > 0 {
			model = mebibytes(o.models)
		}
		t.Rows = append(t.Rows, []string{
			fmt.Sprint(o.size),
			fmt.Sprintf("%.2f (%.2f to %.2f)", rounds.Quantile(o.cold, 0.5).Seconds(), rounds.Quantile(o.cold, 0).Seconds(), rounds.Quantile(o.cold, 1).Seconds()),
			fmt.Sprintf("%.0f", milliseconds(rounds.Quantile(times, 0.5))), fmt.Sprintf("%.0f", milliseconds(rounds.Quantile(times, 0.99))), fmt.Sprint(len(times)),
			beyondPolling(change.sluice), beyondPolling(change.envoy),
			percent(o.idle.sluice, o.idleFor), percent(o.idle.envoy, o.idleFor),
			mebibytes(o.sluice), mebibytes(o.envoy), model,
		})
	}
	return t
}

func plots(k kind, outcomes []outcome) []report.Plot {
	line := func(name string, y func(outcome) float64) report.Line {
		l := report.Line{Name: name}
		for _, o := range outcomes {
			l.Points = append(l.Points, report.Point{X: float64(o.size), Y: y(o)})
		}
		return l
	}
	times := func(q float64) func(outcome) float64 {
		return func(o outcome) float64 { return milliseconds(rounds.Quantile(o.times(), q)) }
	}
	return []report.Plot{
		{Title: "change, " + k.title, X: "services", Y: "ms", Log: true, Lines: []report.Line{line("p50", times(0.5)), line("p99", times(0.99))}},
		{Title: "cold start, " + k.title, X: "services", Y: "s", Log: true, Lines: []report.Line{
			line("median", func(o outcome) float64 { return rounds.Quantile(o.cold, 0.5).Seconds() }),
		}},
	}
}

// beyondPolling shows a difference, in milliseconds, that may be lost in the noise of what it was taken from.
func beyondPolling(d time.Duration) string {
	if d <= 0 {
		return "below the noise"
	}
	return fmt.Sprintf("%.1f", milliseconds(d))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func percent(part, of time.Duration) string {
	return fmt.Sprintf("%.1f", 100*part.Seconds()/of.Seconds())
}

func mebibytes(bytes int) string { return fmt.Sprintf("%.0f", float64(bytes)/(1<<20)) }
