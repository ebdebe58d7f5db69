package sklearn

import (
	"context"
	"testing"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// Outputs that are asked for together share a pipeline's transforms, also within another estimator; two requests don't.
func TestSeveralOutputsRunAPipelinesTransformsOnce(t *testing.T) {
	t.Parallel()
	runs := 0
	first := transformer(1, func(_ context.Context, x *batch) (*batch, error) {
		runs++
		return x, nil
	})
	first.in.cols = 1
	same := func(_ context.Context, x *batch) (*batch, error) { return x, nil }
	last := &estimator{in: input{cols: 1}, ops: []op{{name: predict, cols: 1, run: same}, {name: proba, cols: 1, run: same}}}
	s := &served{root: sameInput(chain([]named{{estimator: first}, {estimator: last}}), predict, proba)}
	frame := &tabular.Frame{Rows: 2, Numbers: &tabular.Matrix{Rows: 2, Cols: 1, F64: []float64{3, 4}}}
	for request := range 2 {
		tensors, err := s.Compute(t.Context(), frame, []int{0, 1})
		if err != nil || len(tensors) != 2 {
			t.Fatal(tensors, err)
		}
		if runs != request+1 {
			t.Fatalf("%d requests ran the transform %d times", request+1, runs)
		}
	}
}
