package lightgbm_test

import (
	"math"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/librarytest"
	"github.com/sluice-serving/sluice/runtime/trees/lightgbm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// golden is a model, and what the LightGBM that made it answers.
type golden struct {
	Name       string       `json:"name"`
	File       string       `json:"file"`
	Rows       [][]*float64 `json:"rows"`
	Predict    any          `json:"predict"`
	Proba      any          `json:"proba"`
	Iterations int          `json:"iterations"`
	Classifier bool         `json:"classifier"`
}

func (g golden) frame() *tabular.Frame {
	m := &tabular.Matrix{Rows: len(g.Rows), Cols: len(g.Rows[0])}
	for _, row := range g.Rows {
		for _, v := range row {
			if v == nil {
				m.F64 = append(m.F64, math.NaN())
			} else {
				m.F64 = append(m.F64, *v)
			}
		}
	}
	return &tabular.Frame{Rows: m.Rows, Numbers: m}
}

func numbersOf(t *testing.T, tensor oip.Tensor) []float64 {
	t.Helper()
	switch tensor.Datatype {
	case oip.FP64:
		return oip.Elements[float64](tensor)
	case oip.Int64:
		var numbers []float64
		for _, v := range oip.Elements[int64](tensor) {
			numbers = append(numbers, float64(v))
		}
		return numbers
	}
	t.Fatalf("an answer of %s", tensor.Datatype)
	return nil
}

// tolerance is some last bits of what exp and log give; sums are equal.
const tolerance = 1e-12

// TestModelsAnswerAsTheLightGBMThatMadeThem goes through every version, objective and booster.
func TestModelsAnswerAsTheLightGBMThatMadeThem(t *testing.T) {
	t.Parallel()
	for _, version := range librarytest.Versions(t) {
		for _, g := range librarytest.Cases[golden](t, version) {
			t.Run(version+"/"+g.Name, func(t *testing.T) {
				t.Parallel()
				e, err := lightgbm.Open(filepath.Join("testdata", version, g.File), lightgbm.Options{Classifier: g.Classifier, Iterations: g.Iterations})
				if err != nil {
					t.Fatal(err)
				}
				answer(t, e, g)
			})
		}
	}
}

func answer(t *testing.T, e tabular.Estimator, g golden) {
	t.Helper()
	outputs := []int{0}
	if g.Proba != nil {
		outputs = []int{0, 1}
	}
	tensors, err := e.Compute(t.Context(), g.frame(), outputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, tensor := range tensors {
		if err := tensor.Check(); err != nil {
			t.Error(err)
		}
		described := e.Outputs()[i]
		if tensor.Datatype != described.Datatype || len(tensor.Shape) != min(described.Cols, 1)+1 {
			t.Errorf("%s is %s of %v, described as %+v", tensor.Name, tensor.Datatype, tensor.Shape, described)
		}
	}
	librarytest.Compare(t, "predict", numbersOf(t, tensors[0]), librarytest.Flat(g.Predict), tolerance)
	if g.Proba != nil {
		librarytest.Compare(t, "predict_proba", numbersOf(t, tensors[1]), librarytest.Flat(g.Proba), tolerance)
	}
}
