package formats

import (
	"fmt"
	"time"

	"github.com/sluice-serving/sluice/bench/report"
	"github.com/sluice-serving/sluice/bench/rounds"
)

// What is wanted: requests per second and memory, as ratios.
const (
	rpsAim    = 15
	memoryAim = 4
)

// hasAim says which ratios of requests per second have one.
func hasAim(peer, format string) bool {
	return format == "sklearn" || peer == mlserver && format == "xgboost"
}

func servingNote(e effort, servers, client []int) string {
	where := "on one processor all together"
	if len(servers) > 0 {
		where = fmt.Sprintf("every server pinned to processor %v with all its workers, the client to %v", servers, client)
	}
	return fmt.Sprintf(`Requests: the models of KServe's first examples and their V2 request of two rows, by HTTP/1.1 over connections that stay open, to each server
by itself with no Envoy; a closed loop of %v a round after %v of warm-up, %s. All servers of a format run side by side, one is asked at
a time; before that their answers are compared. Peers run as they come, which is with one worker, as many as processors; MLServer also
without one (parallel_workers 0). A ratio takes the setting that is better for the peer. KServe's servers are not on PyPI: their few lines around the package kserve, which does the work, are written
anew. Latencies are those of a closed loop. Memory is what is resident of all processes of a server, pages that they share
counted once; most of ours is the program file, of which the kernel maps 2 MiB at a time where it can.`,
		e.loaded, e.warmup, where)
}

// reportServing adds what was measured of one format.
func reportServing(out *report.Report, f format, outcomes []outcome, e effort) error {
	out.Tables = append(out.Tables, servingTable(f, outcomes, e))
	if len(e.connections) > 1 {
		out.Plots = append(out.Plots, servingPlot(f, outcomes, e))
	}
	at := len(e.connections) - 1
	connections := e.connections[at]
	for _, peer := range []string{mlserver, kserve} {
		ratio, err := compare(outcomes, peer, at, rounds.More, func(m measured) float64 { return m.Rate() })
		if err != nil {
			return err
		}
		ratio.Key, ratio.Unit = fmt.Sprintf("%s_%s_rps_c%d", peer, f.name, connections), "requests/s"
		ratio.About = fmt.Sprintf("%s: requests answered with %d in flight by %s", f.name, connections, ratio.About)
		if hasAim(peer, f.name) && connections == 64 {
			ratio.Aim = rpsAim
		}
		out.Ratios = append(out.Ratios, ratio)
	}
	if f.name != served()[0].name {
		return nil // the memory of a server differs little by format
	}
	ratio, err := compare(outcomes, mlserver, at, rounds.Less, func(m measured) float64 { return mebibytes(m.memory.Resident) })
	ratio.Key, ratio.Unit, ratio.Aim = "mlserver_rss", "MiB", memoryAim
	ratio.About = fmt.Sprintf("%s: resident memory after that load of %s", f.name, ratio.About)
	out.Ratios = append(out.Ratios, ratio)
	return err
}

// compare compares ours with the setting of a peer that is the better one; at is the index of the number of connections.
func compare(outcomes []outcome, peer string, at int, better rounds.Better, of func(measured) float64) (report.Ratio, error) {
	var best report.Ratio
	for _, o := range outcomes {
		if o.server != peer {
			continue
		}
		comparison, err := rounds.Compare(better, each(outcomes[0].loaded[at], of), each(o.loaded[at], of))
		if err != nil {
			return best, err
		}
		if best.About == "" || comparison.Ratio < best.Ratio {
			best = report.Ratio{About: fmt.Sprintf("%s (ours) and %s (peer)", outcomes[0].title, o.title), Comparison: comparison}
		}
	}
	return best, nil
}

func servingTable(f format, outcomes []outcome, e effort) report.Table {
	t := report.Table{
		Title:   "Requests: " + f.name,
		Columns: []string{"server", "in flight", "requests/s (min to max)", "p50, ms", "p99, ms", "memory, MiB: after the first request", "after this load", "of that in no file"},
	}
	for at, connections := range e.connections {
		for _, o := range outcomes {
			rates := each(o.loaded[at], func(m measured) float64 { return m.Rate() })
			median := func(of func(measured) float64) float64 { return rounds.Median(each(o.loaded[at], of)) }
			t.Rows = append(t.Rows, []string{
				o.title, fmt.Sprint(connections),
				fmt.Sprintf("%.0f (%.0f to %.0f)", rounds.Median(rates), rounds.Quantile(rates, 0), rounds.Quantile(rates, 1)),
				fmt.Sprintf("%.2f", median(func(m measured) float64 { return milliseconds(m.P50) })),
				fmt.Sprintf("%.2f", median(func(m measured) float64 { return milliseconds(m.P99) })),
				fmt.Sprintf("%.0f", mebibytes(o.idle.Resident)),
				fmt.Sprintf("%.0f", median(func(m measured) float64 { return mebibytes(m.memory.Resident) })),
				fmt.Sprintf("%.0f", median(func(m measured) float64 { return mebibytes(m.memory.Anonymous) })),
			})
		}
	}
	return t
}

func servingPlot(f format, outcomes []outcome, e effort) report.Plot {
	p := report.Plot{Title: f.name, X: "requests in flight", Y: "requests/s", Log: true}
	for _, o := range outcomes {
		line := report.Line{Name: o.title}
		for at, connections := range e.connections {
			rates := each(o.loaded[at], func(m measured) float64 { return m.Rate() })
			line.Points = append(line.Points, report.Point{X: float64(connections), Y: rounds.Median(rates)})
		}
		p.Lines = append(p.Lines, line)
	}
	return p
}

func mebibytes(bytes int) float64 { return float64(bytes) / (1 << 20) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func each[T any](of []T, number func(T) float64) []float64 {
	out := make([]float64, len(of))
	for i, v := range of {
		out[i] = number(v)
	}
	return out
}
