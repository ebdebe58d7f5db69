package lightgbm_test

import (
	"testing"

	"github.com/sluice-serving/sluice/runtime/trees/librarytest"
	"github.com/sluice-serving/sluice/runtime/trees/lightgbm"
)

// TestRandomModelsAnswerAsLightGBMDoes trains models on the spot, and compares 10,000 rows at once and the first ones by
// themselves.
func TestRandomModelsAnswerAsLightGBMDoes(t *testing.T) {
	t.Parallel()
	for _, m := range librarytest.Train(t, "lightgbm", 1, 8) {
		e, err := lightgbm.Open(m.File, lightgbm.Options{})
		if err != nil {
			t.Fatalf("%s: %v", m.Trained, err)
		}
		width := len(m.Predict) / m.Rows.Rows
		tensors, err := e.Compute(t.Context(), librarytest.Slice(m.Rows, 0, m.Rows.Rows), []int{0})
		if err != nil {
			t.Fatal(err)
		}
		librarytest.Compare(t, m.Trained, numbersOf(t, tensors[0]), m.Predict, tolerance)
		for row := range 100 {
			one, err := e.Compute(t.Context(), librarytest.Slice(m.Rows, row, row+1), []int{0})
			if err != nil {
				t.Fatal(err)
			}
			librarytest.Compare(t, m.Trained+", one row", numbersOf(t, one[0]), m.Predict[row*width:][:width], tolerance)
		}
	}
}
