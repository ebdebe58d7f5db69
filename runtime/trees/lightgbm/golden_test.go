package lightgbm_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/tabular"
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

// flat gives the numbers of nested lists.
func flat(nested any) []float64 {
	switch v := nested.(type) {
	case float64:
		return []float64{v}
	case []any:
		var all []float64
		for _, item := range v {
			all = append(all, flat(item)...)
		}
		return all
	}
	return nil
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

func compare(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers instead of %d", what, len(got), len(want))
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > tolerance*max(1, math.Abs(want[i])) || math.IsNaN(got[i]) != math.IsNaN(want[i]) {
			t.Fatalf("%s: number %d is %v instead of %v", what, i, got[i], want[i])
		}
	}
}

func goldens(t testing.TB, version string) []golden {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", version, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []golden
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func versions(t testing.TB) []string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join("testdata", "*", "cases.json"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no models in testdata: %v", err)
	}
	for i, folder := range folders {
		folders[i] = filepath.Base(filepath.Dir(folder))
	}
	return folders
}

// TestModelsAnswerAsTheLightGBMThatMadeThem goes through every version, objective and booster.
func TestModelsAnswerAsTheLightGBMThatMadeThem(t *testing.T) {
	t.Parallel()
	for _, version := range versions(t) {
		for _, g := range goldens(t, version) {
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
	compare(t, "predict", numbersOf(t, tensors[0]), flat(g.Predict))
	if g.Proba != nil {
		compare(t, "predict_proba", numbersOf(t, tensors[1]), flat(g.Proba))
	}
}
