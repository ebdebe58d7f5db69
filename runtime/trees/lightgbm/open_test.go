package lightgbm_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/librarytest"
	"github.com/sluice-serving/sluice/runtime/trees/lightgbm"
	"github.com/sluice-serving/sluice/test/bounded"
)

func raw(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAFileThatIsNoModelIsRefused(t *testing.T) {
	t.Parallel()
	whole := string(raw(t, "4.7.0/categories.txt"))
	tests := []struct{ name, file, want string }{
		{"nothing", "", `it begins with ""`},
		{"other text", "hello", `it begins with "hello"`},
		{"no header", "tree\n\n", "num_class: it isn't there"},
		{"no trees", strings.Split(whole, "Tree=")[0], "cut off"},
		{"another objective", strings.Replace(whole, "objective=regression", "objective=mine", 1), `"mine" is unknown`},
		{"leaves without end", strings.Replace(whole, "num_leaves=7", "num_leaves=100000000", 1), "100000000 with"},
		{"features without end", strings.Replace(whole, "max_feature_idx=4", "max_feature_idx=2000000000", 1), "from 0 up to 1048575"},
		{"fewer names than features", strings.Replace(whole, "feature_names=Column_0 ", "feature_names=", 1), "feature_names: 4 elements; there have to be 5"},
		{"a loop", strings.Replace(whole, "left_child=1 ", "left_child=0 ", 1), "has another parent"},
		{"an odd number of trees", strings.Replace(whole, "num_tree_per_iteration=1", "num_tree_per_iteration=3", 1), "no multiple of the 3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.file == whole {
				t.Fatal("the file has no such place")
			}
			if _, err := lightgbm.FromBytes([]byte(test.file), lightgbm.Options{}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error that says %q", err, test.want)
			}
		})
	}
}

func TestACutFileIsRefused(t *testing.T) {
	t.Parallel()
	whole := raw(t, "3.3.5/linear.txt")
	for cut := range bytes.Index(whole, []byte("end of trees")) {
		if _, err := lightgbm.FromBytes(whole[:cut], lightgbm.Options{}); err == nil {
			t.Fatalf("cut to %d bytes it was read", cut)
		}
	}
}

func open(t testing.TB, file string, o lightgbm.Options) tabular.Estimator {
	t.Helper()
	e, err := lightgbm.Open(filepath.Join("testdata", file), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestFeaturesHaveTheModelsNames(t *testing.T) {
	t.Parallel()
	want := []tabular.Feature{{Name: "a"}, {Name: "b_c"}, {Name: "d"}, {Name: "ü"}, {Name: "e"}}
	if diff := cmp.Diff(want, open(t, "4.7.0/names.txt", lightgbm.Options{}).Features()); diff != "" {
		t.Error(diff)
	}
}

func TestClassesHaveTheLabelsGiven(t *testing.T) {
	t.Parallel()
	g := librarytest.Cases[golden](t, "4.7.0")[0]
	texts := open(t, "4.7.0/classifier-two.txt", lightgbm.Options{Classifier: true, Classes: []string{"no", "yes"}})
	tensors, err := texts.Compute(t.Context(), g.frame(), []int{1, 0})
	if err != nil {
		t.Fatal(err)
	}
	for i, label := range tensors[1].Strings {
		yes := numbersOf(t, tensors[0])[2*i+1] > 0.5
		if yes != (label == "yes") {
			t.Errorf("row %d is %q", i, label)
		}
	}
	if _, err := lightgbm.Open("testdata/4.7.0/classifier-two.txt", lightgbm.Options{Classifier: true, Classes: []string{"one"}}); err == nil || !strings.Contains(err.Error(), "1 labels for 2 classes") {
		t.Errorf("got %v", err)
	}
	if _, err := lightgbm.Open("testdata/4.7.0/gamma.txt", lightgbm.Options{Classifier: true}); err == nil || !strings.Contains(err.Error(), "predicts no classes") {
		t.Errorf("got %v", err)
	}
}

// TestTextsAreCategories: texts.txt has a number, the categories x, y and zz, and the categories 10, 20 and 30.
func TestTextsAreCategories(t *testing.T) {
	t.Parallel()
	e := open(t, "4.7.0/texts.txt", lightgbm.Options{})
	if diff := cmp.Diff([]tabular.Feature{{Name: "a"}, {Name: "c", Kind: tabular.Any}, {Name: "d"}}, e.Features()); diff != "" {
		t.Error(diff)
	}
	numbers, ones := []float64{0.5, 0.5, 0.5, 0.5, 2}, []float64{1, 1, 1, 1, 1}
	texts := &tabular.Frame{Rows: 5, Columns: []tabular.Column{{Numbers: numbers}, {Texts: []string{"x", "y", "zz", "", "other"}, Missing: []bool{false, false, false, true, false}}, {Numbers: ones}}}
	codes := &tabular.Frame{Rows: 5, Columns: []tabular.Column{{Numbers: numbers}, {Numbers: []float64{0, 1, 2, math.NaN(), math.NaN()}}, {Numbers: ones}}}
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
	texts.Columns[0] = tabular.Column{Texts: []string{"w", "", "", "", ""}}
	_, err = e.Compute(t.Context(), texts, []int{0})
	var invalid *model.InvalidInputError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), `row 0: feature "a" is "w"`) {
		t.Errorf("got %v", err)
	}
}

// FuzzFromBytes reads files: whatever is in one, it is read or refused, and what is read answers.
func FuzzFromBytes(f *testing.F) {
	for _, version := range librarytest.Versions(f) {
		files, err := filepath.Glob(filepath.Join("testdata", version, "*.txt"))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			// Without its parameters a file is small, and every byte says something.
			trees, rest, _ := bytes.Cut(data, []byte("end of trees"))
			_, pandas, _ := bytes.Cut(rest, []byte("pandas_categorical"))
			f.Add(append(append(trees, "end of trees\n\npandas_categorical"...), pandas...))
		}
	}
	memory := bounded.Memory{PerByte: 512, Constant: 64 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range []lightgbm.Options{{}, {Classifier: true}} {
			var e tabular.Estimator
			var err error
			memory.Run(t, len(data), func() { e, err = lightgbm.FromBytes(data, o) })
			if err != nil {
				continue
			}
			cols := len(e.Features())
			if cols > 1<<12 || e.Outputs()[0].Cols > 1<<12 {
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
