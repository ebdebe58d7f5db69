package xgboost_test

import (
	"testing"

	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/librarytest"
	"github.com/sluice-serving/sluice/runtime/trees/xgboost"
)

// BenchmarkAgainstXGBoost measures models beside XGBoost itself.
func BenchmarkAgainstXGBoost(b *testing.B) {
	librarytest.Race(b, "xgboost", func(file string, threads int) (tabular.Estimator, error) {
		return xgboost.Open(file, xgboost.Options{Threads: threads})
	})
}
