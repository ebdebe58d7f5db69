package sklearn_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/sklearn"
	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/test/bounded"
)

func TestWhatIsNotServedIsNamedWithWhatToDo(t *testing.T) {
	t.Parallel()
	for content, class := range map[string]string{
		"csklearn.cluster._dbscan\nDBSCAN\n)\x81}X\x10\x00\x00\x00_sklearn_versionX\x05\x00\x00\x001.5.2sb.": "sklearn.cluster._dbscan.DBSCAN",
		"cmypackage.models\nRidge\n)\x81}b.": "mypackage.models.Ridge",
		"}.":                                 "a dict",
	} {
		_, err := sklearn.FromBytes([]byte(content))
		var unsupported *sklearn.UnsupportedError
		if !errors.As(err, &unsupported) || !strings.Contains(unsupported.Class, class) || !strings.Contains(err.Error(), "can't be served natively") {
			t.Errorf("%q: %v, want a refusal of %s", content, err, class)
		}
	}
	path := filepath.Join(t.TempDir(), "my model.pkl")
	if err := os.WriteFile(path, []byte("cmypackage.models\nRidge\n)\x81}b."), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := sklearn.Open(path)
	for _, words := range []string{"`sluice convert \"" + path + "\" -o ", "my model.onnx\"`", "runtime: kserve-sklearnserver", "sluice.dev/local-command"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %q in it", err, words)
		}
	}
	_, err = sklearn.FromBytes([]byte("cos\nsystem\n(Vid\ntR."))
	var refused *pickle.RefusedError
	if !errors.As(err, &refused) {
		t.Errorf("a call of os.system: %v", err)
	}
	_, err = sklearn.FromBytes([]byte("csklearn.linear_model._base\nLinearRegression\n)\x81}b."))
	var broken *sklearn.BrokenError
	if !errors.As(err, &broken) || broken.Attribute != "coef_" {
		t.Errorf("a model that was never fitted: %v", err)
	}
}

// A pipeline whose step is itself must be refused and not be followed for ever.
func TestAModelWithinItselfIsRefused(t *testing.T) {
	t.Parallel()
	content := "csklearn.pipeline\nPipeline\n)\x81\x94}X\x05\x00\x00\x00steps](X\x01\x00\x00\x00ah\x00\x86esb."
	_, err := sklearn.FromBytes([]byte(content))
	var unsupported *sklearn.UnsupportedError
	if !errors.As(err, &unsupported) {
		t.Errorf("%v, want a refusal", err)
	}
}

func open(t testing.TB, name string) (tabular.Estimator, *tabular.Frame) {
	t.Helper()
	_, all := goldens(t, filepath.Join("testdata", "v1.9"))
	for _, g := range all {
		if g.name == name {
			e, err := sklearn.Open(g.path)
			if err != nil {
				t.Fatal(err)
			}
			return e, g.frame
		}
	}
	t.Fatalf("no model %s", name)
	return nil, nil
}

func TestFeaturesAndOutputsAreTheModels(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ model, features, outputs string }{
		{"num-names", "a:0 b:0 c:0 d:0 e:0", "predict:BYTES:0 predict_proba:FP64:3 decision_function:FP64:3"},
		{"ct-logistic", "age:0 income:0 color:1 city:1 rooms:0", "predict:BYTES:0 predict_proba:FP64:3 decision_function:FP64:3"},
		{"txt-logistic", ":1", "predict:BYTES:0 predict_proba:FP64:3 decision_function:FP64:3"},
		{"enc-onehot", "color:1 city:1", "transform:FP64:8"},
		{"reg-linear", ":0 :0 :0 :0 :0", "predict:FP64:0"},
		{"cls-tree-bool", ":0 :0 :0 :0 :0", "predict:BOOL:0 predict_proba:FP64:2"},
		{"multi-linear", ":0 :0 :0 :0 :0", "predict:FP64:3"},
		{"km-kmeans", ":0 :0 :0 :0 :0", "predict:INT32:0 transform:FP64:4"},
	} {
		e, _ := open(t, test.model)
		var features, outputs []string
		for _, f := range e.Features() {
			features = append(features, fmt.Sprintf("%s:%d", f.Name, f.Kind))
		}
		for _, o := range e.Outputs() {
			outputs = append(outputs, fmt.Sprintf("%s:%s:%d", o.Name, o.Datatype, o.Cols))
		}
		if got := strings.Join(features, " "); got != test.features {
			t.Errorf("%s takes %s, want %s", test.model, got, test.features)
		}
		if got := strings.Join(outputs, " "); got != test.outputs {
			t.Errorf("%s answers %s, want %s", test.model, got, test.outputs)
		}
	}
}

func TestClientsMistakesAreTheirs(t *testing.T) {
	t.Parallel()
	numbers := func(rows, cols int, values ...float64) *tabular.Frame {
		return &tabular.Frame{Rows: rows, Numbers: &tabular.Matrix{Rows: rows, Cols: cols, F64: values}}
	}
	texts := func(values ...string) *tabular.Frame {
		return &tabular.Frame{Rows: len(values), Columns: []tabular.Column{{Texts: values}}}
	}
	for _, test := range []struct {
		model   string
		frame   *tabular.Frame
		problem string
	}{
		{"reg-linear", numbers(1, 2, 1, 2), "2 columns, and the model takes 5"},
		{"reg-linear", numbers(1, 5, 1, 2, math.NaN(), 4, 5), "no value (NaN) in column 2"},
		{"reg-linear", numbers(2, 5, 1, 2, 3, 4, 5, 1, 2, 3, math.Inf(1), 5), "row 1 has an infinite value in column 3"},
		{"reg-linear", &tabular.Frame{Rows: 1, Columns: []tabular.Column{{Texts: []string{"x"}}, {Numbers: []float64{1}}, {Numbers: []float64{1}}, {Numbers: []float64{1}}, {Numbers: []float64{1}}}}, "column 0 holds text"},
		{"enc-onehot", &tabular.Frame{Rows: 1, Columns: []tabular.Column{{Name: "color", Texts: []string{"mauve"}}, {Name: "city", Texts: []string{"Rome"}}}}, `"mauve" in column "color"`},
		{"txt-logistic", numbers(1, 1, 7), "takes a text"},
		{"cls-categoricalnb", numbers(1, 6, 0, 0, 99, 0, 0, 0), "category 99 in column 2"},
	} {
		e, _ := open(t, test.model)
		_, err := e.Compute(t.Context(), test.frame, []int{0})
		var invalid *model.InvalidInputError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: %v, want %q", test.model, err, test.problem)
		}
	}
	e, _ := open(t, "txt-logistic")
	if _, err := e.Compute(t.Context(), texts("good", ""), []int{0}); err != nil {
		t.Error(err)
	}
}

// TestABatchGivesEachCallerItsOwnRows asks every model for its rows in one batch, one by one and from many goroutines.
func TestABatchGivesEachCallerItsOwnRows(t *testing.T) {
	t.Parallel()
	_, all := goldens(t, filepath.Join("testdata", "v1.9"))
	_, more := goldens(t, filepath.Join("testdata", "more1.9"))
	for _, g := range append(all, more...) {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			e, err := sklearn.Open(g.path)
			if err != nil {
				t.Fatal(err)
			}
			for index := range e.Outputs() {
				whole, err := e.Compute(t.Context(), g.frame, []int{index})
				if err != nil {
					t.Fatal(err)
				}
				if none, err := e.Compute(t.Context(), rowsOf(g.frame, 0, 0), []int{index}); err != nil || none[0].Shape[0] != 0 {
					t.Errorf("no rows: %v", err)
				}
				var group sync.WaitGroup
				for row := range g.frame.Rows {
					group.Go(func() {
						part, err := e.Compute(t.Context(), rowsOf(g.frame, row, row+1), []int{index})
						if err != nil {
							t.Error(err)
							return
						}
						if !sameRow(whole[0], row, part[0]) {
							t.Errorf("%s of row %d differs alone and in a batch", whole[0].Name, row)
						}
					})
				}
				group.Wait()
			}
		})
	}
}

// rowsOf is some rows of a frame.
func rowsOf(f *tabular.Frame, from, to int) *tabular.Frame {
	out := &tabular.Frame{Rows: to - from, Names: f.Names}
	if f.Numbers != nil {
		cols := f.Numbers.Cols
		out.Numbers = &tabular.Matrix{Rows: to - from, Cols: cols, F64: f.Numbers.F64[from*cols : to*cols]}
	}
	for _, c := range f.Columns {
		part := tabular.Column{Name: c.Name}
		if c.Numbers != nil {
			part.Numbers = c.Numbers[from:to]
		} else {
			part.Texts, part.Missing = c.Texts[from:to], c.Missing[from:to]
		}
		out.Columns = append(out.Columns, part)
	}
	return out
}

func sameRow(whole oip.Tensor, row int, part oip.Tensor) bool {
	if whole.Datatype == oip.Bytes {
		n := len(part.Strings)
		return strings.Join(whole.Strings[row*n:(row+1)*n], "\x00") == strings.Join(part.Strings, "\x00")
	}
	n := len(part.Data)
	return string(whole.Data[row*n:(row+1)*n]) == string(part.Data)
}

// FuzzFromBytes loads models with bytes changed at random and asks those that still load: an error or an answer, never a panic.
func FuzzFromBytes(f *testing.F) {
	_, all := goldens(f, filepath.Join("testdata", "v1.0"))
	_, more := goldens(f, filepath.Join("testdata", "more1.0"))
	for i, g := range append(all, more...) {
		data, err := os.ReadFile(g.path)
		if err != nil {
			f.Fatal(err)
		}
		if strings.HasSuffix(g.path, ".pkl") && len(data) < 8192 {
			f.Add(data, uint64(i))
		}
	}
	// What is compressed may unpack to 64 MiB whatever its size, with a dictionary as large, and is read to values then.
	memory := bounded.Memory{PerByte: 1 << 10, Constant: 1 << 30}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		data = append([]byte(nil), data...)
		for range r.IntN(4) {
			if len(data) > 0 {
				data[r.IntN(len(data))] = byte(r.Uint32())
			}
		}
		var e tabular.Estimator
		var err error
		memory.Run(t, len(data), func() { e, err = sklearn.FromBytes(data) })
		if err != nil {
			return
		}
		cols := len(e.Features())
		if e.Features() == nil {
			cols = 3
		}
		if cols > 1000 {
			return
		}
		frame := &tabular.Frame{Rows: 2, Numbers: &tabular.Matrix{Rows: 2, Cols: cols, F64: make([]float64, 2*cols)}}
		for i := range frame.Numbers.F64 {
			frame.Numbers.F64[i] = r.NormFloat64()
		}
		for i, o := range e.Outputs() {
			if o.Cols < 100_000 {
				_, _ = e.Compute(t.Context(), frame, []int{i})
			}
		}
	})
}
