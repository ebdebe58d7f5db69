package sklearn

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// A model of which one fitted array is empty is refused when it is loaded or computes without it; it doesn't take the file's word for how many columns
// it has, and then look for them in the array.
func TestAnEmptiedArrayIsNoPanic(t *testing.T) {
	t.Parallel()
	var paths []string
	for _, pattern := range []string{"v1.9/*", "more1.9/*"} {
		found, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(found) == 0 {
			t.Fatal(found, err)
		}
		paths = append(paths, found...)
	}
	for _, path := range paths {
		if filepath.Base(path) == "expected.joblib" {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		root, err := pickle.Read(data, pickle.Limits{})
		if err != nil {
			continue // a compressed copy of something else
		}
		for where, array := range arraysOf(root) {
			whole := *array
			array.Data, array.Items, array.Shape = nil, nil, make([]int, len(whole.Shape))
			askWithout(t, filepath.Base(path), where, root)
			*array = whole
		}
	}
}

// arraysOf finds the arrays in a graph, by where they are.
func arraysOf(root pickle.Value) map[string]*pickle.Array {
	found, seen := map[string]*pickle.Array{}, map[pickle.Value]bool{}
	var walk func(where string, v pickle.Value)
	each := func(where string, all []pickle.Value) {
		for _, v := range all {
			walk(where, v)
		}
	}
	walk = func(where string, v pickle.Value) {
		switch v := v.(type) {
		case *pickle.Array:
			if !seen[v] && v.Len() > 0 {
				seen[v], found[where] = true, v
				each(where+"[]", v.Items)
			}
		case *pickle.List:
			each(where+"[]", v.Items)
		case *pickle.Tuple:
			each(where+"()", v.Items)
		case *pickle.Object:
			if d := v.Attrs(); d != nil && !seen[v] {
				seen[v] = true
				for i, key := range d.Keys {
					name, _ := key.(string)
					walk(where+"."+name, d.Values[i])
				}
			}
		case *pickle.Dict:
			each(where+"{}", v.Values)
		}
	}
	walk("", root)
	return found
}

// askWithout asks a model for all that it answers, if it is one.
func askWithout(t *testing.T, name, where string, root pickle.Value) {
	t.Helper()
	defer func() {
		if problem := recover(); problem != nil {
			t.Errorf("%s without %s: %v", name, where, problem)
		}
	}()
	e, err := (&loader{}).estimator(root, "")
	if err != nil || e.in.cols <= 0 || e.in.isMixed {
		return
	}
	frame := &tabular.Frame{Rows: 2, Numbers: &tabular.Matrix{Rows: 2, Cols: e.in.cols, F64: make([]float64, 2*e.in.cols)}}
	for i := range frame.Numbers.F64 {
		frame.Numbers.F64[i] = math.Sqrt(float64(i + 1))
	}
	s := &served{root: e}
	for i := range s.Outputs() {
		_, _ = s.Compute(t.Context(), frame, []int{i}) // an error is as good as an answer
	}
}
