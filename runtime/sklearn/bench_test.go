package sklearn_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// BenchmarkPredict is of one row and of 10,000; what is allocated must not grow with the rows' number.
func BenchmarkPredict(b *testing.B) {
	for _, name := range []string{"reg-linear", "cls-logistic-3", "cls-forest-3", "reg-gb", "cls-svc-3", "cls-knn-3", "cls-mlp-3", "ct-logistic", "txt-logistic"} {
		e, frame := open(b, name)
		for _, rows := range []int{1, 10_000} {
			b.Run(fmt.Sprintf("%s/rows=%d", name, rows), func(b *testing.B) {
				batch := repeated(frame, rows)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := e.Compute(b.Context(), batch, []int{0}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
			})
		}
	}
}

// repeated takes rows of a frame at random.
func repeated(f *tabular.Frame, rows int) *tabular.Frame {
	r := rand.New(rand.NewPCG(1, 2))
	out := &tabular.Frame{Rows: rows, Names: f.Names}
	if f.Numbers != nil {
		out.Numbers = &tabular.Matrix{Rows: rows, Cols: f.Numbers.Cols}
	}
	for _, c := range f.Columns {
		out.Columns = append(out.Columns, tabular.Column{Name: c.Name})
	}
	for range rows {
		from := r.IntN(f.Rows)
		if m := f.Numbers; m != nil {
			out.Numbers.F64 = append(out.Numbers.F64, m.F64[from*m.Cols:(from+1)*m.Cols]...)
		}
		for i, c := range f.Columns {
			to := &out.Columns[i]
			if c.Numbers != nil {
				to.Numbers = append(to.Numbers, c.Numbers[from])
				continue
			}
			to.Texts, to.Missing = append(to.Texts, c.Texts[from]), append(to.Missing, c.Missing[from])
		}
	}
	return out
}
