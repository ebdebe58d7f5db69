package trees_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func shapes() map[string]shape {
	nan := []trees.Missing{trees.MissingLeft, trees.MissingRight}
	every := append([]trees.Missing{trees.MissingZero, trees.ZeroLeft, trees.ZeroRight}, nan...)
	return map[string]shape{
		"xgboost":             {features: 7, groups: 1, trees: 21, leaves: 30, output: trees.Single, missing: nan},
		"xgboost classes":     {features: 5, groups: 3, trees: 30, leaves: 9, output: trees.Single, missing: nan, categories: true, great: true},
		"xgboost categories":  {features: 5, groups: 1, trees: 33, leaves: 60, output: trees.Single, missing: nan, categories: true},
		"lightgbm categories": {features: 1, groups: 1, trees: 33, leaves: 60, input: trees.Double, output: trees.Double, missing: every, categories: true},
		"full trees":          {features: 7, groups: 3, trees: 26, leaves: 20, output: trees.Single, missing: every, depth: 5},
		"full trees, double":  {features: 7, groups: 1, trees: 27, leaves: 200, output: trees.Double, missing: nan, depth: 8},
		"full trees, a batch": {features: 28, groups: 2, trees: 300, leaves: 5, output: trees.Single, missing: nan, depth: 3},
		"xgboost vectors":     {features: 5, groups: 4, trees: 9, leaves: 12, output: trees.Single, missing: nan, vector: true},
		"stumps":              {features: 2, groups: 1, trees: 7, leaves: 2, output: trees.Single, missing: nan},
		"constants":           {features: 2, groups: 2, trees: 6, leaves: 1, output: trees.Double, missing: nan},
		"lightgbm":            {features: 9, groups: 2, trees: 22, leaves: 40, input: trees.Double, output: trees.Double, missing: every, categories: true, great: true},
		"lightgbm numbers":    {features: 9, groups: 1, trees: 22, leaves: 255, input: trees.Double, output: trees.Double, missing: every},
		"lightgbm linear":     {features: 4, groups: 1, trees: 10, leaves: 8, input: trees.Double, output: trees.Double, missing: every, linear: true},
		"scikit-learn":        {features: 6, groups: 3, trees: 5, leaves: 50, output: trees.Double, missing: nan, vector: true},
		"many nodes":          {features: 6, groups: 1, trees: 3, leaves: 9000, output: trees.Double, missing: nan},
		"many columns":        {features: 40000, groups: 1, trees: 40, leaves: 2000, output: trees.Single, missing: nan},
		"mixed and vectors":   {features: 6, groups: 2, trees: 8, leaves: 20, output: trees.Double, missing: every, vector: true, categories: true},
		"single, every zero":  {features: 3, groups: 1, trees: 50, leaves: 20, output: trees.Single, missing: every},
	}
}

// TestSumsAreThoseOfTheDefinition compares, bit for bit, every kind of forest over every size of batch that takes another way.
func TestSumsAreThoseOfTheDefinition(t *testing.T) {
	t.Parallel()
	for name, s := range shapes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(len(name))))
			f := s.forest(r)
			e, err := trees.Build(f, trees.Options{Threads: 3})
			if err != nil {
				t.Fatal(err)
			}
			for _, rows := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 64, 300, 1031} {
				if rows > 13 && s.features > 1000 {
					continue
				}
				compare(t, r, &f, e, rows)
			}
		})
	}
}

func compare(t *testing.T, r *rand.Rand, f *trees.Forest, e *trees.Ensemble, rows int) {
	t.Helper()
	wide := tabular.Matrix{Rows: rows, Cols: f.Features, F64: make([]float64, rows*f.Features)}
	for i := range wide.F64 {
		wide.F64[i] = value(r)
	}
	narrow := tabular.Matrix{Rows: rows, Cols: f.Features, F32: wide.Float32()}
	for _, m := range []tabular.Matrix{wide, narrow} {
		want := make([]float64, rows*f.Groups)
		for i := range want {
			want[i] = float64(i%5) / 4
		}
		got := append([]float64{}, want...)
		for i, values := 0, m.Float64(); i < rows; i++ {
			reference(f, values[i*f.Features:][:f.Features], want[i*f.Groups:][:f.Groups])
		}
		evaluate(f, e, m, got)
		for i := range want {
			if math.Float64bits(got[i]) != math.Float64bits(want[i]) && !(math.IsNaN(got[i]) && math.IsNaN(want[i])) {
				t.Fatalf("%d rows, row %d, group %d: %v instead of %v", rows, i/f.Groups, i%f.Groups, got[i], want[i])
			}
		}
	}
}

// evaluate adds to sums in the forest's own precision.
func evaluate(f *trees.Forest, e *trees.Ensemble, m tabular.Matrix, sums []float64) {
	if f.Output == trees.Double {
		e.Sum(m, sums)
		return
	}
	single := make([]float32, len(sums))
	for i, v := range sums {
		single[i] = float32(v)
	}
	e.Sum32(m, single)
	for i, v := range single {
		sums[i] = float64(v)
	}
}

func TestWhatAFileSaysIsChecked(t *testing.T) {
	t.Parallel()
	split := trees.Node{Split: trees.Less, Left: 1, Right: 2}
	tests := []struct {
		name   string
		change func(f *trees.Forest)
		want   string
	}{
		{"a loop", func(f *trees.Forest) { f.Trees[0].Nodes[1] = trees.Node{Split: trees.Less, Left: 0, Right: 2} }, "tree 0: node 1: its child, node 0, has another parent"},
		{"a node to itself", func(f *trees.Forest) { f.Trees[0].Nodes[1] = trees.Node{Split: trees.Less, Left: 1, Right: 2} }, "node 1, has another parent"},
		{"one child twice", func(f *trees.Forest) { f.Trees[0].Nodes[0].Right = 1 }, "node 1 is both of its children"},
		{"a child that isn't there", func(f *trees.Forest) { f.Trees[0].Nodes[0].Right = 3 }, "its child is node 3 of 3"},
		{"a negative child", func(f *trees.Forest) { f.Trees[0].Nodes[0].Right = -1 }, "its child is node -1 of 3"},
		{"a feature that isn't there", func(f *trees.Forest) { f.Trees[0].Nodes[0].Feature = 2 }, "it looks at feature 2 of 2"},
		{"a threshold that is no number", func(f *trees.Forest) { f.Trees[0].Nodes[0].Threshold = math.NaN() }, "its threshold is NaN"},
		{"a leaf without value", func(f *trees.Forest) { f.Trees[0].Nodes[2].Leaf = 2 }, "node 2: it has value 2 of 2"},
		{"a group that isn't there", func(f *trees.Forest) { f.Trees[0].Group = 1 }, "it adds to output 1 of 1"},
		{"no group", func(f *trees.Forest) { f.Groups = 0 }, "0 outputs"},
		{"half a vector", func(f *trees.Forest) { f.Groups, f.Vector = 2, true }, "it has value 1 of 1"},
		{"an unknown split", func(f *trees.Forest) { f.Trees[0].Nodes[0].Split = 9 }, "unknown way 9"},
		{"an unknown way of missing values", func(f *trees.Forest) { f.Trees[0].Nodes[0].Missing = 9 }, "unknown way 9"},
		{"a category without end", func(f *trees.Forest) {
			f.Trees[0].Nodes[0].Split, f.Trees[0].Nodes[0].Categories = trees.InSet, trees.Categories{Listed: []uint32{1 << 31}}
		}, "category 2147483648 is above"},
		{"a linear model of another feature", func(f *trees.Forest) {
			f.Trees[0].Linear = []trees.LeafModel{{Features: []int{5}, Coefficients: []float64{1}}, {}}
		}, "its linear model looks at feature 5 of 2"},
		{"fewer linear models than leaves", func(f *trees.Forest) { f.Trees[0].Linear = []trees.LeafModel{{}} }, "it has linear model 1 of 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := trees.Forest{Features: 2, Groups: 1, Trees: []trees.Tree{{Nodes: []trees.Node{split, {}, {Leaf: 1}}, Leaves: []float64{1, 2}}}}
			test.change(&f)
			if _, err := trees.Build(f, trees.Options{}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error that says %q", err, test.want)
			}
		})
	}
}

// TestOneRowTakesNoMemory is what lets a small request be answered without the garbage collector.
func TestOneRowTakesNoMemory(t *testing.T) {
	for _, name := range []string{"xgboost", "full trees", "lightgbm", "lightgbm categories", "scikit-learn"} {
		f := shapes()[name].forest(rand.New(rand.NewPCG(1, 2)))
		e, err := trees.Build(f, trees.Options{})
		if err != nil {
			t.Fatal(err)
		}
		m := tabular.Matrix{Rows: 1, Cols: f.Features, F32: make([]float32, f.Features)}
		double, single := make([]float64, f.Groups), make([]float32, f.Groups)
		taken := testing.AllocsPerRun(100, func() {
			if f.Output == trees.Double {
				e.Sum(m, double)
			} else {
				e.Sum32(m, single)
			}
		})
		// The race detector empties pools at random.
		if taken >= 1 && !raceEnabled {
			t.Errorf("%s: %v allocations for one row", name, taken)
		}
	}
}

func BenchmarkSum(b *testing.B) {
	nan := []trees.Missing{trees.MissingLeft, trees.MissingRight}
	for _, bench := range []struct {
		name string
		shape
	}{
		{"xgboost-depth6", shape{features: 28, groups: 1, trees: 100, leaves: 64, output: trees.Single, missing: nan}},
		{"lightgbm-255", shape{features: 28, groups: 1, trees: 100, leaves: 255, input: trees.Double, output: trees.Double, missing: nan}},
		{"categories", shape{features: 28, groups: 1, trees: 100, leaves: 64, output: trees.Single, missing: nan, categories: true}},
		{"forest", shape{features: 28, groups: 3, trees: 100, leaves: 5000, output: trees.Double, missing: nan, vector: true}},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		f := bench.forest(r)
		e, err := trees.Build(f, trees.Options{Threads: 1})
		if err != nil {
			b.Fatal(err)
		}
		for _, rows := range []int{1, 10000} {
			m := tabular.Matrix{Rows: rows, Cols: f.Features, F32: make([]float32, rows*f.Features)}
			for i := range m.F32 {
				m.F32[i] = float32(r.NormFloat64())
			}
			double, single := make([]float64, rows*f.Groups), make([]float32, rows*f.Groups)
			b.Run(fmt.Sprintf("%s/%d", bench.name, rows), func(b *testing.B) {
				for b.Loop() {
					if f.Output == trees.Double {
						e.Sum(m, double)
					} else {
						e.Sum32(m, single)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows*len(f.Trees)), "ns/row/tree")
			})
		}
	}
}
