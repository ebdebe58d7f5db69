package standalone

import (
	"context"
	"fmt"
	"time"

	"github.com/sluice-serving/sluice/bench/report"
	"github.com/sluice-serving/sluice/bench/rig"
	"github.com/sluice-serving/sluice/bench/rounds"
)

// overheadAim is how much of the throughput of the smallest configuration ours is to keep.
const overheadAim = 0.95

// runOverhead measures what our configuration of Envoy costs.
func runOverhead(ctx context.Context, r *rig.Rig, binary string, e effort, out *report.Report) error {
	k, err := customKind(r, binary)
	if err != nil {
		return err
	}
	o, err := measureOverhead(ctx, r, k, e)
	if err != nil {
		return err
	}
	rate := func(m measured) float64 { return m.Rate() }
	cpu := func(m measured) float64 { return float64(m.cpu) / float64(time.Microsecond) }
	throughput, err := rounds.Compare(rounds.More, each(o.ours, rate), each(o.peer, rate))
	if err != nil {
		return err
	}
	cost, err := rounds.Compare(rounds.Less, each(o.ours, cpu), each(o.peer, cpu))
	if err != nil {
		return err
	}
	out.Ratios = append(out.Ratios,
		report.Ratio{
			Key: "envoy_overhead_rps", About: "requests through the Envoy of sluice run (ours) and through a hand-written minimal configuration (peer), to the same backend",
			Aim: overheadAim, Unit: "requests/s", Comparison: throughput,
		},
		report.Ratio{Key: "envoy_overhead_cpu", About: "Envoy's CPU time per request, of the same", Unit: "µs", Comparison: cost},
	)
	out.Notes = append(out.Notes, o.note(e))
	out.Tables = append(out.Tables, o.table())
	return nil
}

func (o overhead) note(e effort) string {
	where := "on one processor all together"
	if len(o.proxies) > 0 {
		where = fmt.Sprintf("both Envoys and sluice pinned to processor %v, client and backend to %v", o.proxies, o.others)
	}
	return fmt.Sprintf(`Throughput: HTTP/1.1 over %d connections that stay open, a closed loop of %v a round after %v of warm-up, --concurrency %d for both
Envoys, %s. The backend is the process of an InferenceService, which ours reaches by its exact host. Latencies are those of a closed loop.`,
		connections, e.loaded, e.warmup, o.concurrency, where)
}

func (o overhead) table() report.Table {
	t := report.Table{
		Title:   "Throughput",
		Columns: []string{"through", "requests/s (min to max)", "p50, µs", "p99, µs", "Envoy's CPU per request, µs"},
	}
	for _, way := range []struct {
		name   string
		rounds []measured
		envoy  bool
	}{{"sluice run", o.ours, true}, {"hand-written minimal Envoy", o.peer, true}, {"no Envoy: the client's and backend's own limit", o.straight, false}} {
		rates := each(way.rounds, func(m measured) float64 { return m.Rate() })
		micros := func(of func(measured) time.Duration) string {
			return fmt.Sprintf("%.0f", rounds.Median(each(way.rounds, func(m measured) float64 { return float64(of(m)) / float64(time.Microsecond) })))
		}
		cpu := "–"
		if way.envoy {
			cpu = micros(func(m measured) time.Duration { return m.cpu })
		}
		t.Rows = append(t.Rows, []string{
			way.name,
			fmt.Sprintf("%.0f (%.0f to %.0f)", rounds.Median(rates), rounds.Quantile(rates, 0), rounds.Quantile(rates, 1)),
			micros(func(m measured) time.Duration { return m.P50 }), micros(func(m measured) time.Duration { return m.P99 }), cpu,
		})
	}
	return t
}

func each[T any](of []T, number func(T) float64) []float64 {
	out := make([]float64, len(of))
	for i, v := range of {
		out[i] = number(v)
	}
	return out
}
