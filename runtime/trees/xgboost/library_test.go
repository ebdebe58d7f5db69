package xgboost_test

import (
	"testing"

	"github.com/sluice-serving/sluice/runtime/trees/librarytest"
	"github.com/sluice-serving/sluice/runtime/trees/xgboost"
)

// TestRandomModelsAnswerAsXGBoostDoes trains models on the spot, and compares 10,000 rows at once and the first ones by
// themselves: margins bit for bit.
func TestRandomModelsAnswerAsXGBoostDoes(t *testing.T) {
	t.Parallel()
	for _, m := range librarytest.Train(t, "xgboost", 1, 8) {
		e, err := xgboost.Open(m.File, xgboost.Options{})
		if err != nil {
			t.Fatalf("%s: %v", m.Trained, err)
		}
		width := len(m.Predict) / m.Rows.Rows
		all := librarytest.Slice(m.Rows, 0, m.Rows.Rows)
		tensors, err := e.Compute(t.Context(), all, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		librarytest.Compare(t, m.Trained, numbersOf(t, tensors[0]), m.Predict, tolerance)
		librarytest.Compare(t, m.Trained+", margins", xgboost.Margins(t, e, all), m.Raw, 0)
		for row := range 100 {
			librarytest.Compare(t, m.Trained+", one row", xgboost.Margins(t, e, librarytest.Slice(m.Rows, row, row+1)), m.Raw[row*width:][:width], 0)
		}
	}
}
