package lightgbm_test

import (
	"testing"

	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/librarytest"
	"github.com/sluice-serving/sluice/runtime/trees/lightgbm"
)

// BenchmarkAgainstLightGBM measures models beside LightGBM itself.
func BenchmarkAgainstLightGBM(b *testing.B) {
	librarytest.Race(b, "lightgbm", func(file string, threads int) (tabular.Estimator, error) {
		return lightgbm.Open(file, lightgbm.Options{Threads: threads})
	})
}
