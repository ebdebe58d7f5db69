package xgboost_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/librarytest"
	"github.com/sluice-serving/sluice/runtime/trees/xgboost"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// golden is a model, and what the XGBoost that made it answers.
type golden struct {
	Name       string       `json:"name"`
	Files      []string     `json:"files"`
	Rows       [][]*float64 `json:"rows"`
	Predict    any          `json:"predict"`
	Margin     any          `json:"margin"`
	Proba      any          `json:"proba"`
	Wrapper    bool         `json:"wrapper"`
	Classifier bool         `json:"classifier"`
}

func (g golden) options() xgboost.Options {
	switch {
	case g.Classifier:
		return xgboost.Options{Interface: xgboost.Classifier}
	case g.Wrapper:
		return xgboost.Options{Interface: xgboost.Regressor}
	default:
		return xgboost.Options{}
	}
}

func (g golden) frame() *tabular.Frame {
	m := &tabular.Matrix{Rows: len(g.Rows), Cols: len(g.Rows[0])}
	for _, row := range g.Rows {
		for _, v := range row {
			if v == nil {
				m.F32 = append(m.F32, float32(math.NaN()))
			} else {
				m.F32 = append(m.F32, float32(*v))
			}
		}
	}
	return &tabular.Frame{Rows: m.Rows, Numbers: m}
}

func numbersOf(t *testing.T, tensor oip.Tensor) []float64 {
	t.Helper()
	var numbers []float64
	switch tensor.Datatype {
	case oip.FP32:
		for _, v := range oip.Elements[float32](tensor) {
			numbers = append(numbers, float64(v))
		}
	case oip.Int64:
		for _, v := range oip.Elements[int64](tensor) {
			numbers = append(numbers, float64(v))
		}
	default:
		t.Fatalf("an answer of %s", tensor.Datatype)
	}
	return numbers
}

// Margins have to be equal bit for bit, predictions that exp goes into nearly: XGBoost's is the C library's in single
// precision, which is wrong in the last bit now and then. Before 1.3, and with dart before 1.7, XGBoost added the base or the
// weight in another order than it has done since.
const tolerance = 1e-6

// TestModelsAnswerAsTheXGBoostThatMadeThem goes through every version, objective, booster and format.
func TestModelsAnswerAsTheXGBoostThatMadeThem(t *testing.T) {
	t.Parallel()
	for _, version := range librarytest.Versions(t) {
		for _, g := range librarytest.Cases[golden](t, version) {
			for _, file := range g.Files {
				t.Run(version+"/"+file, func(t *testing.T) {
					t.Parallel()
					e, err := xgboost.Open(filepath.Join("testdata", version, file), g.options())
					if err != nil {
						t.Fatal(err)
					}
					answer(t, e, g)
					if g.Margin != nil {
						librarytest.Compare(t, "margin", xgboost.Margins(t, e, g.frame()), librarytest.Flat(g.Margin), exact(version, g))
					}
				})
			}
		}
	}
}

// exact is the tolerance of margins.
func exact(version string, g golden) float64 {
	if version == "1.0.2" || version == "1.3.3" && strings.HasPrefix(g.Name, "dart") {
		return tolerance
	}
	return 0
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
