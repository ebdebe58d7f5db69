package xgboost

import (
	"testing"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// Margins are what a model's trees sum to, before the objective's transformation.
func Margins(t *testing.T, e tabular.Estimator, frame *tabular.Frame) []float64 {
	t.Helper()
	margins, err := e.(*estimator).margins(t.Context(), frame)
	if err != nil {
		t.Fatal(err)
	}
	wide := make([]float64, len(margins))
	for i, v := range margins {
		wide[i] = float64(v)
	}
	return wide
}
