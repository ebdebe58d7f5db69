package lightgbm_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	if diff := cmp.Diff([]tabular.Feature{{Name: "a"}, {Name: "c", Kind: tabular.AnyCategory}, {Name: "d", Kind: tabular.Category}}, e.Features()); diff != "" {
		t.Error(diff)
	}
	numbers, nan := []float64{0.5, 0.5, 0.5, 0.5, 2}, math.NaN()
	texts := &tabular.Frame{Rows: 5, Columns: []tabular.Column{{Numbers: numbers}, {Texts: []string{"x", "y", "zz", "", "other"}, Missing: []bool{false, false, false, true, false}}, {Numbers: []float64{20, 10, 30, nan, 1}}}}
	codes := &tabular.Frame{Rows: 5, Numbers: &tabular.Matrix{Rows: 5, Cols: 3, F64: []float64{0.5, 0, 1, 0.5, 1, 0, 0.5, 2, 2, 0.5, nan, nan, 2, nan, nan}}}
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
		with   tabular.Column
		want   string
	}{
		{0, tabular.Column{Texts: []string{"w", "", "", "", ""}}, `row 0: feature "a" is "w"`},
		{1, tabular.Column{Numbers: []float64{nan, 2, 0, 0, 0}}, `row 1: feature "c" is the number 2; its categories are texts`},
		{2, tabular.Column{Texts: []string{"10", "", "", "", ""}}, `row 0: feature "d" is the text "10"; its categories are numbers`},
	} {
		frame := &tabular.Frame{Rows: 5, Columns: slices.Clone(texts.Columns)}
		frame.Columns[refused.column] = refused.with
		_, err = e.Compute(t.Context(), frame, []int{0})
		var invalid *model.InvalidInputError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), refused.want) {
			t.Errorf("got %v, want %s", err, refused.want)
		}
	}
}

// TestAModelThatDoesNotSayItsCategoriesTakesCodesAlone: of two features with ranges of codes, one had ordered categories.
func TestAModelThatDoesNotSayItsCategoriesTakesCodesAlone(t *testing.T) {
	t.Parallel()
	file := string(raw(t, "4.7.0/texts.txt"))
	infos := regexp.MustCompile(`(?m)^feature_infos=.*$`)
	parameter := regexp.MustCompile(`(?m)^\[categorical_feature: .*\n`)
	open := func(pandas string) tabular.Estimator {
		changed := infos.ReplaceAllString(parameter.ReplaceAllString(file, ""), "feature_infos=[-1.5:2] [0:2] [0:2]")
		e, err := lightgbm.FromBytes([]byte(changed[:strings.Index(changed, "pandas_categorical:")]+"pandas_categorical:"+pandas+"\n"), lightgbm.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	named := &tabular.Frame{Rows: 1, Columns: []tabular.Column{{Numbers: []float64{1}}, {Numbers: []float64{1}}, {Numbers: []float64{10}}}}
	var invalid *model.InvalidInputError
	e := open("[[10, 20, 30]]")
	if _, err := e.Compute(t.Context(), named, []int{0}); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "doesn't say which they were; send the categories' codes in one tensor") {
		t.Error(err)
	}
	if _, err := e.Compute(t.Context(), &tabular.Frame{Rows: 1, Numbers: &tabular.Matrix{Rows: 1, Cols: 3, F64: []float64{1, 1, 0}}}, []int{0}); err != nil {
		t.Error(err)
	}
	for _, codes := range []string{"[[0, 1, 2]]", "[[false, true]]"} {
		if _, err := open(codes).Compute(t.Context(), named, []int{0}); err != nil {
			t.Errorf("%s: %v", codes, err)
		}
	}
	if _, err := lightgbm.FromBytes([]byte(strings.Replace(file, "[10, 20, 30]", "[10, 20, 9007199254740993]", 1)), lightgbm.Options{}); err == nil || !strings.Contains(err.Error(), "2^53") {
		t.Error(err)
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
