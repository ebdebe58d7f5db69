package tabular_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// echo is an estimator that answers what it was given: predict is each row's numbers added up with the length of its texts, and
// predict_proba the numbers themselves. A row with -1 in its first column is refused.
type echo struct {
	features []tabular.Feature
	computed func(rows int, outputs []int)
}

func (e *echo) Features() []tabular.Feature { return e.features }

func (e *echo) Outputs() []tabular.Output {
	return []tabular.Output{{Name: "predict", Datatype: oip.FP64}, {Name: "predict_proba", Datatype: oip.FP64, Cols: -1}}
}

func (e *echo) Compute(_ context.Context, f *tabular.Frame, outputs []int) ([]oip.Tensor, error) {
	if e.computed != nil {
		e.computed(f.Rows, outputs)
	}
	cols := len(f.Columns)
	if f.Numbers != nil {
		cols = f.Numbers.Cols
	}
	values := make([]float64, f.Rows*cols)
	if f.Numbers != nil {
		copy(values, f.Numbers.Float64())
	}
	for c, column := range f.Columns {
		for r := range f.Rows {
			switch {
			case column.Numbers != nil:
				values[r*cols+c] = column.Numbers[r]
			case column.Missing != nil && column.Missing[r]:
				values[r*cols+c] = math.NaN()
			default:
				values[r*cols+c] = float64(len(column.Texts[r]))
			}
		}
	}
	sums := make([]float64, f.Rows)
	for r := range sums {
		if values[r*cols] == -1 {
			return nil, &model.InvalidInputError{Problem: "a row is bad"}
		}
		for _, v := range values[r*cols:][:cols] {
			sums[r] += v
		}
	}
	all := []oip.Tensor{oip.NewTensor("predict", oip.FP64, []int64{int64(f.Rows)}, sums), oip.NewTensor("predict_proba", oip.FP64, []int64{int64(f.Rows), int64(cols)}, values)}
	answers := make([]oip.Tensor, len(outputs))
	for i, output := range outputs {
		answers[i] = all[output]
	}
	return answers, nil
}

func abc() []tabular.Feature { return []tabular.Feature{{Name: "a"}, {Name: "b"}, {Name: "c"}} }

func load(t *testing.T, e tabular.Estimator, o tabular.Options, options model.Options) *model.Model {
	t.Helper()
	m := model.New("m", "1", "test", func(context.Context) (model.Predictor, error) { return tabular.NewPredictor(e, o), nil }, options)
	if err := m.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Unload(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func tensor[T oip.Element](name string, datatype oip.Datatype, shape []int64, values ...T) oip.Tensor {
	return oip.NewTensor(name, datatype, shape, values)
}

func texts(name string, shape []int64, values ...string) oip.Tensor {
	return oip.Tensor{Name: name, Datatype: oip.Bytes, Shape: shape, Strings: values}
}

// shown is what rows a request was understood as.
func shown(t *testing.T, m *model.Model, inputs ...oip.Tensor) ([]float64, error) {
	t.Helper()
	out, err := m.Predict(t.Context(), inputs, []string{"predict_proba"})
	if err != nil {
		return nil, err
	}
	return oip.Elements[float64](out[0]), nil
}

func TestRequestsAreTakenInManyShapes(t *testing.T) {
	t.Parallel()
	numbers, unnamed := abc(), make([]tabular.Feature, 3)
	mixed := []tabular.Feature{{Name: "a", Kind: tabular.Text}, {Name: "b"}, {Name: "c", Kind: tabular.Any}}
	missing := texts("a", []int64{2}, "xx", "")
	missing.Missing = []bool{false, true}
	nan := math.NaN()
	tests := map[string]struct {
		features []tabular.Feature
		inputs   []oip.Tensor
		want     []float64
	}{
		"a matrix of FP32":        {numbers, []oip.Tensor{tensor[float32]("x", oip.FP32, []int64{2, 3}, 1, 2, 3, 4, 5, 6)}, []float64{1, 2, 3, 4, 5, 6}},
		"a matrix of INT8":        {numbers, []oip.Tensor{tensor[int8]("x", oip.Int8, []int64{1, 3}, 1, -2, 3)}, []float64{1, -2, 3}},
		"a matrix of booleans":    {unnamed, []oip.Tensor{tensor("", oip.Bool, []int64{1, 3}, true, false, true)}, []float64{1, 0, 1}},
		"columns in any order":    {numbers, []oip.Tensor{tensor[int64]("c", oip.Int64, []int64{2}, 3, 6), tensor("a", oip.FP64, []int64{2, 1}, 1.0, 4), tensor[uint8]("b", oip.Uint8, []int64{2}, 2, 5)}, []float64{1, 2, 3, 4, 5, 6}},
		"names the model lacks":   {unnamed, []oip.Tensor{tensor("q", oip.FP64, []int64{1}, 1.0), tensor("r", oip.FP64, []int64{1}, 2.0), tensor("s", oip.FP64, []int64{1}, 3.0)}, []float64{1, 2, 3}},
		"texts among numbers":     {mixed, []oip.Tensor{tensor("b", oip.FP64, []int64{2}, 7.0, 8), texts("c", []int64{2, 1}, "x", "yyy"), missing}, []float64{2, 7, 1, nan, 8, 3}},
		"numbers where both go":   {mixed, []oip.Tensor{tensor("b", oip.FP64, []int64{1}, 7.0), tensor("c", oip.FP64, []int64{1}, 5.0), texts("a", []int64{1}, "x")}, []float64{1, 7, 5}},
		"nothing but nulls":       {mixed, []oip.Tensor{tensor("b", oip.FP64, []int64{1}, 7.0), tensor("c", oip.FP64, []int64{1}, 5.0), tensor("a", oip.FP64, []int64{1}, nan)}, []float64{nan, 7, 5}},
		"a matrix of texts":       {[]tabular.Feature{{Kind: tabular.Text}, {Kind: tabular.Any}}, []oip.Tensor{texts("x", []int64{2, 2}, "a", "bb", "ccc", "")}, []float64{1, 2, 3, 0}},
		"any number of features":  {nil, []oip.Tensor{tensor("x", oip.FP64, []int64{1, 2}, 1.0, 2)}, []float64{1, 2}},
		"one text a row":          {[]tabular.Feature{{Kind: tabular.Text}}, []oip.Tensor{texts("t", []int64{2}, "a", "bb")}, []float64{1, 2}},
		"one feature by its name": {abc()[:1], []oip.Tensor{tensor("a", oip.FP64, []int64{2, 1}, 1.0, 2)}, []float64{1, 2}},
		"one feature by another":  {abc()[:1], []oip.Tensor{tensor("x", oip.FP64, []int64{2, 1}, 1.0, 2)}, []float64{1, 2}},
		"no rows":                 {numbers, []oip.Tensor{tensor[float32]("x", oip.FP32, []int64{0, 3})}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := shown(t, load(t, &echo{features: test.features}, tabular.Options{}, model.Options{}), test.inputs...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateNaNs()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWrongRequestsAreNamed(t *testing.T) {
	t.Parallel()
	numbers, mixed := abc(), []tabular.Feature{{Name: "a", Kind: tabular.Text}, {Name: "b"}}
	one := func(name string) oip.Tensor { return tensor(name, oip.FP64, []int64{1}, 1.0) }
	tests := []struct {
		features []tabular.Feature
		inputs   []oip.Tensor
		want     string
	}{
		{numbers, nil, `inputs: there is none; the model takes a tensor [rows,3], or one for each of the features "a", "b", "c"`},
		{numbers, []oip.Tensor{tensor("x", oip.FP64, []int64{1, 2}, 1.0, 2)}, `tensor "x": expected 3 features in each row, given 2; the features are "a", "b", "c"`},
		{numbers, []oip.Tensor{one("a"), one("b"), one("q")}, `tensor "q": the model has no such feature; its features are "a", "b", "c"`},
		{numbers, []oip.Tensor{one("a"), one("a"), one("b"), one("c")}, `tensor "a": the feature is given twice`},
		{nil, []oip.Tensor{texts("x", []int64{2, 0})}, `tensor "x": expected at least one feature in each row, given none`},
		{numbers, []oip.Tensor{one("a"), one("b")}, `tensor "c": the feature is missing; the model's features are "a", "b", "c"`},
		{numbers, []oip.Tensor{tensor("x", oip.FP64, []int64{3}, 1.0, 2, 3)}, `tensor "x": the model has no such feature`},
		{numbers, []oip.Tensor{tensor("x", oip.FP64, []int64{1, 1, 3}, 1.0, 2, 3)}, `tensor "x": expected one value a row, which is shape [rows] or [rows,1], given [1,1,3]; the model takes a tensor [rows,3]`},
		{numbers, []oip.Tensor{one("a"), one("b"), tensor("c", oip.FP64, []int64{2}, 1.0, 2)}, `tensor "c": it has 2 rows, and "a" has 1`},
		{numbers, []oip.Tensor{one("a"), one("b"), texts("c", []int64{1}, "red")}, `feature "c", row 0: expected a number, given the text "red"`},
		{make([]tabular.Feature, 2), []oip.Tensor{texts("x", []int64{1, 2}, "1", "2")}, `feature 0, row 0: expected a number, given the text "1"`},
		{mixed, []oip.Tensor{tensor("x", oip.FP64, []int64{1, 2}, 1.0, 2)}, `feature "a", row 0: expected a text, given the number 1`},
		{mixed, []oip.Tensor{one("a"), one("b")}, `feature "a", row 0: expected a text, given the number 1`},
	}
	for _, test := range tests {
		m := load(t, &echo{features: test.features}, tabular.Options{}, model.Options{})
		if _, err := shown(t, m, test.inputs...); err == nil || !strings.Contains(err.Error(), test.want) || !oip.IsRequestFault(err) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

func TestOnlyWhatIsAskedForIsComputed(t *testing.T) {
	t.Parallel()
	var asked [][]int
	e := &echo{features: abc(), computed: func(_ int, outputs []int) { asked = append(asked, outputs) }}
	row := tensor("x", oip.FP64, []int64{1, 3}, 1.0, 2, 3)
	ask := func(o tabular.Options, names ...string) []oip.Tensor {
		t.Helper()
		m := load(t, e, o, model.Options{})
		asked = nil // what warmed it up
		out, err := m.Predict(t.Context(), []oip.Tensor{row}, names)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	kserve := ask(tabular.Options{})
	if diff := cmp.Diff([][]int{{0}}, asked); diff != "" || kserve[0].Name != "output-0" || len(kserve[0].Shape) != 1 {
		t.Error(diff, kserve)
	}
	mlserver := ask(tabular.Options{Answers: tabular.MLServer}, "predict_proba", "predict")
	if diff := cmp.Diff([][]int{{1, 0}}, asked); diff != "" || mlserver[1].Name != "predict" || len(mlserver[1].Shape) != 2 {
		t.Error(diff, mlserver)
	}
	if out := ask(tabular.Options{Probabilities: true}); out[0].Name != "output-0" || len(out[0].Shape) != 2 {
		t.Error(out)
	}
	m := load(t, e, tabular.Options{}, model.Options{})
	if _, err := m.Predict(t.Context(), []oip.Tensor{row}, []string{"q"}); err == nil || !strings.Contains(err.Error(), `its outputs are "output-0", "predict", "predict_proba"`) {
		t.Error(err)
	}
}

func TestMetadataNamesTheFeatures(t *testing.T) {
	t.Parallel()
	signature := func(features []tabular.Feature, o tabular.Options) model.Signature {
		return tabular.NewPredictor(&echo{features: features}, o).Signature()
	}
	got := signature([]tabular.Feature{{Name: "a", Kind: tabular.Text}, {Name: "b"}}, tabular.Options{})
	want := model.Signature{
		Inputs:  []oip.TensorSpec{{Name: "a", Datatype: oip.Bytes, Shape: []int64{-1, 1}}, {Name: "b", Datatype: oip.FP64, Shape: []int64{-1, 1}}},
		Outputs: []oip.TensorSpec{{Name: "output-0", Datatype: oip.FP64, Shape: []int64{-1}}, {Name: "predict_proba", Datatype: oip.FP64, Shape: []int64{-1, -1}}},
		Rows:    model.RowsWithTexts,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = signature(make([]tabular.Feature, 4), tabular.Options{Answers: tabular.MLServer})
	want = model.Signature{
		Inputs:  []oip.TensorSpec{{Name: "input-0", Datatype: oip.FP64, Shape: []int64{-1, 4}}},
		Outputs: []oip.TensorSpec{{Name: "predict", Datatype: oip.FP64, Shape: []int64{-1, 1}, Vector: true}, {Name: "predict_proba", Datatype: oip.FP64, Shape: []int64{-1, -1}}},
		Rows:    model.RowsOfNumbers,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever is joined, of whatever sizes, names, datatypes and outputs, with rows that are refused and callers that leave: each caller
// gets its own rows.
func TestABatchGivesEachCallerItsOwnRows(t *testing.T) {
	t.Parallel()
	features := []tabular.Feature{{Name: "a"}, {Name: "b", Kind: tabular.Any}}
	m := load(t, &echo{features: features}, tabular.Options{}, model.Options{MaxConcurrency: 1, MaxQueue: 1 << 20, Batch: model.BatchOptions{MaxSize: 16}})
	var callers sync.WaitGroup
	for seed := range uint64(16) {
		callers.Go(func() {
			random := rand.New(rand.NewPCG(seed, 1))
			for range 200 {
				askOnce(t, m, random)
			}
		})
	}
	callers.Wait()
}

func askOnce(t *testing.T, m *model.Model, random *rand.Rand) {
	rows := random.IntN(20)
	a, b, names := make([]float64, rows), make([]float64, rows), make([]string, rows)
	missing := make([]bool, rows)
	want := make([]float64, rows)
	isText, isBad := random.IntN(2) == 0, rows > 0 && random.IntN(10) == 0
	for r := range rows {
		a[r], b[r] = float64(random.IntN(1000)), float64(random.IntN(100))
		names[r], missing[r] = strings.Repeat("x", int(b[r])), random.IntN(4) == 0
		want[r] = a[r] + b[r]
		if isText && missing[r] {
			want[r] = math.NaN()
		}
	}
	if isBad {
		a[random.IntN(rows)] = -1
	}
	shape := []int64{int64(rows)}
	inputs := []oip.Tensor{oip.NewTensor("b", oip.FP64, shape, b), oip.NewTensor("a", oip.FP64, shape, a)}
	switch {
	case isText:
		inputs[0] = texts("b", shape, names...)
		inputs[0].Missing = missing
	case random.IntN(2) == 0:
		whole := make([]float32, 0, 2*rows)
		for r := range rows {
			whole = append(whole, float32(a[r]), float32(b[r]))
		}
		inputs = []oip.Tensor{oip.NewTensor("whatever", oip.FP32, []int64{int64(rows), 2}, whole)}
	}
	outputs := [][]string{nil, {"predict"}, {"predict_proba", "output-0"}}[random.IntN(3)]
	ctx := t.Context()
	if random.IntN(8) == 0 {
		var leave context.CancelFunc
		ctx, leave = context.WithCancel(ctx)
		go leave()
	}
	out, err := m.Predict(ctx, inputs, outputs)
	var refused *model.InvalidInputError
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
	case isBad != errors.As(err, &refused), !isBad && err != nil:
		t.Errorf("bad row %v: %v", isBad, err)
	case !isBad:
		if diff := cmp.Diff(want, oip.Elements[float64](out[len(out)-1]), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%d rows: %s", rows, diff)
		}
	}
}
