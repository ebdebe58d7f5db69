package formats

import (
	"fmt"

	"github.com/sluice-serving/sluice/bench/report"
	"github.com/sluice-serving/sluice/bench/rounds"
)

// batchAim is how much of the library's speed is wanted.
const batchAim = 0.8

func batchNote(e effort) string {
	return fmt.Sprintf(`Batches: models of %v trees, trained here by the libraries with their own depth and learning rate (XGBoost 6 levels, LightGBM 31 leaves), predict 10,000
rows of 28 numbers from one array: ours in Go in the benchmark's process, the library from Python. Of XGBoost's two ways, inplace_predict over the array
and predict over a DMatrix made outside the timing (anew for each call, since it remembers predictions), the faster counts in each round; LightGBM's is
Booster.predict over the array. A round is the median over %v of calls. With 1 thread both are pinned to one processor, with 2 to
two. The ratios are of %d trees and one thread. Before that the predictions are compared.`, e.trees, e.batch, e.trees[0])
}

// reportBatches adds what was measured of all batches.
func reportBatches(out *report.Report, batches []batch, e effort) error {
	out.Notes = append(out.Notes, batchNote(e))
	t := report.Table{
		Title:   "Batches",
		Columns: []string{"library", "trees", "threads", "rows", "ours, ms (min to max)", "the library, ms (min to max)", "ratio (min to max)"},
	}
	for _, b := range batches {
		ours, library := each(b.ours, milliseconds), each(b.library, milliseconds)
		comparison, err := rounds.Compare(rounds.Less, ours, library)
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, []string{
			b.name, fmt.Sprint(b.trees), fmt.Sprint(b.threads), fmt.Sprint(b.rows), spread(ours), spread(library),
			fmt.Sprintf("%.2f (%.2f to %.2f)", comparison.Ratio, comparison.Min, comparison.Max),
		})
		if b.trees == e.trees[0] && b.threads == 1 {
			out.Ratios = append(out.Ratios, report.Ratio{
				Key: b.name + "_batch_time", About: fmt.Sprintf("%d rows by %d trees on one thread: runtime/trees (ours) and %s (peer)", b.rows, b.trees, b.name),
				Aim: batchAim, Unit: "ms", Comparison: comparison,
			})
		}
	}
	out.Tables = append(out.Tables, t)
	return nil
}

func spread(values []float64) string {
	return fmt.Sprintf("%.1f (%.1f to %.1f)", rounds.Median(values), rounds.Quantile(values, 0), rounds.Quantile(values, 1))
}
