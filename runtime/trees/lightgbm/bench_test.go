package lightgbm_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/lightgbm"
)

// BenchmarkCompute measures the models of SLUICE_LIGHTGBM_MODELS, of 28 features, or the committed ones.
func BenchmarkCompute(b *testing.B) {
	for _, file := range benchmarked() {
		for _, threads := range []int{1, 2} {
			e, err := lightgbm.Open(file, lightgbm.Options{Threads: threads})
			if err != nil {
				b.Fatal(err)
			}
			cols := len(e.Features())
			r := rand.New(rand.NewPCG(1, 2))
			values := make([]float64, 10000*cols)
			for i := range values {
				values[i] = float64(r.NormFloat64())
			}
			for _, rows := range []int{1, 10000} {
				frame := &tabular.Frame{Rows: rows, Numbers: &tabular.Matrix{Rows: rows, Cols: cols, F64: values[:rows*cols]}}
				b.Run(fmt.Sprintf("%s/threads=%d/rows=%d", file, threads, rows), func(b *testing.B) {
					for b.Loop() {
						if _, err := e.Compute(b.Context(), frame, []int{0}); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// benchmarked are the models to measure: a list with colons between, or one that is committed.
func benchmarked() []string {
	if files := os.Getenv("SLUICE_LIGHTGBM_MODELS"); files != "" {
		return filepath.SplitList(files)
	}
	return []string{filepath.Join("testdata", "4.7.0", "regression.txt")}
}
