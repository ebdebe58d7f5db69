package sklearn_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/sklearn"
	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// golden is a model that scikit-learn wrote, the rows it was asked and what it answered.
type golden struct {
	name, path string
	frame      *tabular.Frame
	outputs    *pickle.Dict
}

// goldens reads what testdata/make.py wrote into a folder.
func goldens(t testing.TB, dir string) (string, []golden) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "expected.joblib"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := pickle.Read(data, pickle.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	root := v.(*pickle.Dict)
	cases := get(root, "cases").(*pickle.Dict)
	var out []golden
	for i, key := range cases.Keys {
		c := cases.Values[i].(*pickle.Dict)
		out = append(out, golden{name: key.(string), path: filepath.Join(dir, get(c, "file").(string)), frame: frameOf(t, c), outputs: get(c, "outputs").(*pickle.Dict)})
	}
	return get(root, "version").(string), out
}

func get(d *pickle.Dict, key string) pickle.Value {
	v, _ := d.Get(key)
	return v
}

func floats(t testing.TB, v pickle.Value) []float64 {
	t.Helper()
	values, err := v.(*pickle.Array).Floats()
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func frameOf(t testing.TB, c *pickle.Dict) *tabular.Frame {
	t.Helper()
	if x, ok := get(c, "x").(*pickle.Array); ok {
		return &tabular.Frame{Rows: x.Shape[0], Numbers: &tabular.Matrix{Rows: x.Shape[0], Cols: x.Shape[1], F64: floats(t, x)}}
	}
	frame := &tabular.Frame{}
	for _, item := range get(c, "columns").(*pickle.List).Items {
		pair := item.(*pickle.List).Items
		column := tabular.Column{Name: pair[0].(string)}
		if list, ok := pair[1].(*pickle.List); ok {
			column.Missing = make([]bool, len(list.Items))
			for i, v := range list.Items {
				text, isText := v.(string)
				column.Texts = append(column.Texts, text)
				column.Missing[i] = !isText
			}
			frame.Rows = len(column.Texts)
		} else {
			column.Numbers = floats(t, pair[1])
			frame.Rows = len(column.Numbers)
		}
		frame.Names = append(frame.Names, column.Name)
		frame.Columns = append(frame.Columns, column)
	}
	return asMatrix(frame)
}

// asMatrix joins the columns if all are numbers, as a frame is defined.
func asMatrix(frame *tabular.Frame) *tabular.Frame {
	m := &tabular.Matrix{Rows: frame.Rows, Cols: len(frame.Columns), F64: make([]float64, frame.Rows*len(frame.Columns))}
	for c, column := range frame.Columns {
		if column.Numbers == nil {
			return frame
		}
		for i, v := range column.Numbers {
			m.F64[i*m.Cols+c] = v
		}
	}
	frame.Numbers, frame.Columns = m, nil
	return frame
}

// tolerance is how far an answer may be off, of the answer or of 1, whichever is larger: what another order of summation gives. Some models pass
// on more than that:
//   - euclidean distances that the library takes from products of whole matrices lose half of the digits near zero;
//   - GaussianMixture and discriminants have small variances squared in an exponent, and normal quantiles a steep end;
//   - what is fitted within GradientBoosting as its init_ computes in float32 in the library;
//   - kernel ridge and a Gaussian process weigh their rows by large numbers of both signs;
//   - a topic model goes on with a digamma of nine digits in the library;
//   - a support vector machine's probabilities come from an iteration.
func tolerance(name string) float64 {
	for prefix, tolerance := range map[string]float64{"km-": 1e-7, "lda-": 1e-7, "gp-": 1e-9, "kr-": 1e-11, "im-knn": 1e-7, "mix-": 1e-10, "cls-qda": 1e-10, "cls-svcproba": 1e-10, "tr-quantilenormal": 1e-9, "cls-gnb": 1e-11,
		"reg-huber": 1e-11, "reg-gbinit": 2e-6, "cls-gbinit": 2e-6} {
		if strings.HasPrefix(name, prefix) {
			return tolerance
		}
	}
	return 1e-12
}

// compare loads a model and asks it for all that the library was asked.
func compare(t *testing.T, g golden) {
	model, err := sklearn.Open(g.path)
	if err != nil {
		t.Error(err)
		return
	}
	var indices []int
	for _, key := range g.outputs.Keys {
		at := slices.IndexFunc(model.Outputs(), func(o tabular.Output) bool { return o.Name == key.(string) })
		if at < 0 {
			t.Errorf("no output %s among %v", key, model.Outputs())
			return
		}
		indices = append(indices, at)
	}
	got, err := model.Compute(t.Context(), g.frame, indices)
	if err != nil {
		t.Error(err)
		return
	}
	for i, tensor := range got {
		declared := model.Outputs()[indices[i]]
		if err := tensor.Check(); err != nil {
			t.Error(err)
		}
		if declared.Datatype != tensor.Datatype || (declared.Cols > 0 && (len(tensor.Shape) != 2 || tensor.Shape[1] != int64(declared.Cols))) || (declared.Cols == 0) != (len(tensor.Shape) == 1) {
			t.Errorf("%s: declared as %+v, answered as %s %v", tensor.Name, declared, tensor.Datatype, tensor.Shape)
		}
		if problem := differs(t, tensor, g.outputs.Values[i].(*pickle.Dict), tolerance(g.name)); problem != "" {
			t.Errorf("%s: %s", tensor.Name, problem)
		}
	}
}

// differs says where a tensor isn't what the library answered.
func differs(t *testing.T, got oip.Tensor, want *pickle.Dict, tolerance float64) string {
	var shape []int64
	for _, dim := range get(want, "shape").(*pickle.List).Items {
		shape = append(shape, dim.(int64))
	}
	if !slices.Equal(shape, got.Shape) {
		return fmt.Sprintf("shape %v, want %v", got.Shape, shape)
	}
	if list, ok := get(want, "values").(*pickle.List); ok {
		for i, v := range list.Items {
			if got.Datatype != oip.Bytes || got.Strings[i] != v.(string) {
				return fmt.Sprintf("element %d isn't %q: %s %v", i, v, got.Datatype, got.Strings)
			}
		}
		return ""
	}
	numbers := numbersOf(got)
	wanted := floats(t, get(want, "values"))
	if numbers == nil && len(wanted) > 0 {
		return fmt.Sprintf("a tensor of %s for numbers", got.Datatype)
	}
	if kind := get(want, "kind").(string)[1:2]; (kind == "f") != (got.Datatype == oip.FP64 || got.Datatype == oip.FP32) {
		return fmt.Sprintf("a tensor of %s for %s", got.Datatype, get(want, "kind"))
	}
	worst, at := 0.0, 0
	for i, w := range wanted {
		v := numbers[i]
		if math.IsNaN(w) && math.IsNaN(v) || w == v {
			continue
		}
		off := math.Abs(v-w) / math.Max(1, math.Abs(w))
		if math.IsNaN(off) {
			return fmt.Sprintf("element %d: %v, want %v", i, v, w)
		}
		if off > worst {
			worst, at = off, i
		}
	}
	if worst > tolerance {
		return fmt.Sprintf("element %d of shape %v: %v, want %v (off by %.2g)", at, got.Shape, numbers[at], wanted[at], worst)
	}
	return ""
}

func numbersOf(t oip.Tensor) []float64 {
	switch t.Datatype {
	case oip.FP64:
		return oip.Elements[float64](t)
	case oip.FP32:
		return widen(oip.Elements[float32](t))
	case oip.Int64:
		return widen(oip.Elements[int64](t))
	case oip.Int32:
		return widen(oip.Elements[int32](t))
	case oip.Bool:
		var out []float64
		for _, v := range oip.Elements[bool](t) {
			if v {
				out = append(out, 1)
			} else {
				out = append(out, 0)
			}
		}
		return out
	default:
		return nil
	}
}

func widen[T float32 | int64 | int32](values []T) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}

// TestModelsAnswerAsTheLibrary asks the committed models of several versions of scikit-learn what the library was asked when they were made.
func TestModelsAnswerAsTheLibrary(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob(filepath.Join("testdata", "*", "expected.joblib"))
	if err != nil || len(dirs) < 3 {
		t.Fatalf("%d versions in testdata: %v", len(dirs), err)
	}
	for _, dir := range dirs {
		dir = filepath.Dir(dir)
		_, all := goldens(t, dir)
		for _, g := range all {
			t.Run(filepath.Base(dir)+"/"+g.name, func(t *testing.T) {
				t.Parallel()
				compare(t, g)
			})
		}
	}
}
