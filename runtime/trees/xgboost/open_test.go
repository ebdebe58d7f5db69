package xgboost_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/librarytest"
	"github.com/sluice-serving/sluice/runtime/trees/xgboost"
	"github.com/sluice-serving/sluice/test/bounded"
)

func TestAFileThatIsNoModelIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, want string }{
		{"nothing", "", "it is empty"},
		{"other text", "hello, this is no model at all", "it is cut off"},
		{"the text format", "bs64 AAAA", "save it as .ubj or .json"},
		{"another document", `{"a": 1}`, `it has no "learner"`},
		{"a document in the midst", `{"learner": {"learner_model_param": `, "cut off"},
		{"another booster", `{"learner": {"learner_model_param": {}, "objective": {"name": "reg:squarederror"}, "gradient_booster": {"name": "other"}}}`, `"name" is "other"`},
		{"another objective", `{"learner": {"learner_model_param": {"num_feature": "0"}, "objective": {"name": "my:own"}, "gradient_booster": {"name": "gblinear", "model": {"weights": [0]}}}}`, `its objective is "my:own"`},
		{"features without end", `{"learner": {"learner_model_param": {"num_feature": "2000000000"}, "objective": {"name": "reg:linear"}, "gradient_booster": {"name": "gblinear", "model": {"weights": [0]}}}}`, "at most 1048576 can be read"},
		{"a depth without end", strings.Repeat(`{"a":`, 100), "deeper than 64"},
		{"a size without end", "{L\x00\x00\x00\x00\x00\x00\x00\x01a[$d#L\x00\x00\x00\xff\x00\x00\x00\x00", "cut off"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := xgboost.FromBytes([]byte(test.file), xgboost.Options{}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error that says %q", err, test.want)
			}
		})
	}
}

// TestACutFileIsRefused cuts a file of each format everywhere near its start and in many places behind.
func TestACutFileIsRefused(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"2.0.3/softprob.ubj", "2.0.3/softprob.bst", "3.2.0/softprob.json", "1.3.3/dart.bst"} {
		whole, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		// The binary format ends with names of metrics that say nothing of predictions.
		for cut := 0; cut < len(whole)-100; cut += 1 + cut/50 {
			if _, err := xgboost.FromBytes(whole[:cut], xgboost.Options{}); err == nil {
				t.Fatalf("%s cut to %d bytes was read", file, cut)
			}
		}
	}
}

func open(t testing.TB, file string, o xgboost.Options) tabular.Estimator {
	t.Helper()
	e, err := xgboost.Open(filepath.Join("testdata", file), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestFeaturesHaveTheModelsNames(t *testing.T) {
	t.Parallel()
	want := []tabular.Feature{{Name: "a"}, {Name: "b c"}, {Name: "d"}, {Name: `e "f`}, {Name: "ü"}}
	if diff := cmp.Diff(want, open(t, "3.2.0/names.ubj", xgboost.Options{}).Features()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(make([]tabular.Feature, 5), open(t, "3.2.0/squarederror.ubj", xgboost.Options{}).Features()); diff != "" {
		t.Error(diff)
	}
}

func TestClassesHaveTheLabelsGiven(t *testing.T) {
	t.Parallel()
	frame := librarytest.Cases[golden](t, "3.2.0")[0].frame()
	numbers := open(t, "3.2.0/classifier-three.ubj", xgboost.Options{Interface: xgboost.Classifier})
	plain, err := numbers.Compute(t.Context(), frame, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	texts := open(t, "3.2.0/classifier-three.ubj", xgboost.Options{Interface: xgboost.Classifier, Classes: []string{"low", "mid", "high"}})
	named, err := texts.Compute(t.Context(), frame, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	for i, number := range oip.Elements[int64](plain[0]) {
		if want := []string{"low", "mid", "high"}[number]; named[0].Strings[i] != want {
			t.Errorf("row %d is %q, its class is %q", i, named[0].Strings[i], want)
		}
	}
	if _, err := xgboost.Open("testdata/3.2.0/classifier-three.ubj", xgboost.Options{Interface: xgboost.Classifier, Classes: []string{"one"}}); err == nil || !strings.Contains(err.Error(), "1 labels for 3 classes") {
		t.Errorf("got %v", err)
	}
	if _, err := xgboost.Open("testdata/3.2.0/gamma.ubj", xgboost.Options{Interface: xgboost.Classifier}); err == nil || !strings.Contains(err.Error(), "predicts no classes") {
		t.Errorf("got %v", err)
	}
}

// TestAValueCountsAsMissing is the parameter missing of the scikit-learn interface.
func TestAValueCountsAsMissing(t *testing.T) {
	t.Parallel()
	g := librarytest.Cases[golden](t, "3.2.0")[0]
	frame := g.frame()
	for i, v := range frame.Numbers.F32 {
		if v != v {
			frame.Numbers.F32[i] = -999
		}
	}
	given := append([]float32{}, frame.Numbers.F32...)
	missing := -999.0
	e := open(t, "3.2.0/"+g.Files[0], xgboost.Options{Missing: &missing})
	tensors, err := e.Compute(t.Context(), frame, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	librarytest.Compare(t, "predict", numbersOf(t, tensors[0]), librarytest.Flat(g.Predict), 0)
	if diff := cmp.Diff(given, frame.Numbers.F32); diff != "" {
		t.Errorf("the frame has changed: %s", diff)
	}
}

// TestTextsAreCategories: texts.ubj has a number and the categories x, y and zz.
func TestTextsAreCategories(t *testing.T) {
	t.Parallel()
	e := open(t, "3.2.0/texts.ubj", xgboost.Options{})
	if diff := cmp.Diff([]tabular.Feature{{Name: "a"}, {Name: "c", Kind: tabular.AnyCategory}}, e.Features()); diff != "" {
		t.Error(diff)
	}
	numbers := []float64{0.5, 0.5, 0.5, 0.5, -2}
	texts := &tabular.Frame{Rows: 5, Columns: []tabular.Column{{Numbers: numbers}, {Texts: []string{"x", "y", "zz", "", "y"}, Missing: []bool{false, false, false, true, false}}}}
	codes := &tabular.Frame{Rows: 5, Numbers: &tabular.Matrix{Rows: 5, Cols: 2, F64: []float64{0.5, 0, 0.5, 1, 0.5, 2, 0.5, math.NaN(), -2, 1}}}
	byText, err := e.Compute(t.Context(), texts, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	byCode, err := e.Compute(t.Context(), codes, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(byCode[0].Data, byText[0].Data); diff != "" {
		t.Error(diff)
	}
	for _, refused := range []struct {
		column int
		want   string
	}{{1, `row 1: "w" is none of the 3 categories of feature "c"`}, {0, `row 1: feature "a" is "w"; the model takes numbers there`}} {
		frame := &tabular.Frame{Rows: 2, Columns: []tabular.Column{{Numbers: numbers[:2]}, {Texts: []string{"x", "w"}}}}
		if refused.column == 0 {
			frame.Columns[0] = tabular.Column{Texts: []string{"1", "w"}, Missing: []bool{true, false}}
		}
		_, err := e.Compute(t.Context(), frame, []int{0})
		var invalid *model.InvalidInputError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), refused.want) {
			t.Errorf("got %v, want %s", err, refused.want)
		}
	}
}

func TestAnEndedContextEndsThePrediction(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, "3.2.0/gamma.ubj", xgboost.Options{}).Compute(ctx, librarytest.Cases[golden](t, "3.2.0")[0].frame(), []int{0}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// FuzzFromBytes reads files of all formats: whatever is in one, it is read or refused, and what is read answers.
func FuzzFromBytes(f *testing.F) {
	for _, version := range librarytest.Versions(f) {
		files, err := filepath.Glob(filepath.Join("testdata", version, "*"))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if len(raw) < 12<<10 {
				f.Add(raw)
			}
		}
	}
	// Features take 24 bytes each, however small the file, and there may be 2^20; a class has its label and margin.
	memory := bounded.Memory{PerByte: 512, Constant: 64 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range []xgboost.Options{{}, {Interface: xgboost.Classifier}} {
			var e tabular.Estimator
			var err error
			memory.Run(t, len(data), func() { e, err = xgboost.FromBytes(data, o) })
			if err != nil {
				continue
			}
			cols := len(e.Features())
			if cols > 1<<10 || e.Outputs()[0].Cols > 1<<10 {
				continue
			}
			m := &tabular.Matrix{Rows: 5, Cols: cols, F64: make([]float64, 5*cols)}
			for i := range m.F64 {
				m.F64[i] = []float64{0, math.NaN(), -1, 1e9, 3}[i%5]
			}
			if _, err := e.Compute(t.Context(), &tabular.Frame{Rows: 5, Numbers: m}, []int{0}); err != nil {
				t.Error(err)
			}
		}
	})
}
