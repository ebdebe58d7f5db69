// Package librarytest trains random models by the libraries whose formats runtime/trees reads, for tests to compare with.
package librarytest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// Model is a model in a file, with random rows and what the library answers for them.
type Model struct {
	File string
	// Trained are the parameters that it was trained with, for a test's messages.
	Trained string
	// Rows are float32 for XGBoost, float64 for LightGBM.
	Rows tabular.Matrix
	// Predict is what the library predicts for the rows, Raw the sums before the objective's transformation.
	Predict, Raw []float64
}

// Train trains count models of a library, "xgboost" or "lightgbm", in a Python environment that it makes if need be.
func Train(t testing.TB, library string, seed, count int) []Model {
	t.Helper()
	home := environment(t, "trees", "requirements.txt")
	folder := t.TempDir()
	training := exec.CommandContext(t.Context(), python(t, "trees"), filepath.Join(home, "testdata", "train.py"), library, fmt.Sprint(seed), fmt.Sprint(count), folder)
	training.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "PYTHONDONTWRITEBYTECODE=1") // threads that wait in vain slow down the tests beside
	run(t, training)

	var described []struct {
		Features int    `json:"features"`
		Trained  string `json:"trained"`
	}
	if err := json.Unmarshal(read(t, folder, "models.json"), &described); err != nil {
		t.Fatal(err)
	}
	models := make([]Model, len(described))
	for i, d := range described {
		m := Model{File: filepath.Join(folder, fmt.Sprintf("%d.model", i)), Trained: d.Trained}
		m.Predict, m.Raw = floats[float64](read(t, folder, fmt.Sprintf("%d.predict", i))), floats[float64](read(t, folder, fmt.Sprintf("%d.raw", i)))
		m.Rows.Cols = d.Features
		if rows := read(t, folder, fmt.Sprintf("%d.rows", i)); library == "xgboost" {
			m.Rows.F32 = floats[float32](rows)
		} else {
			m.Rows.F64 = floats[float64](rows)
		}
		m.Rows.Rows = (len(m.Rows.F32) + len(m.Rows.F64)) / d.Features
		models[i] = m
	}
	return models
}

// environment makes a Python environment, if need be, and gives the folder of runtime/trees.
func environment(t testing.TB, name, requirements string) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	home := filepath.Dir(filepath.Dir(here))
	root := filepath.Dir(filepath.Dir(home))
	run(t, exec.CommandContext(t.Context(), filepath.Join(root, "config", "deps", "venv.sh"), name, filepath.Join(home, "testdata", requirements)))
	return home
}

// Slice gives rows from and up to.
func Slice(m tabular.Matrix, from, to int) *tabular.Frame {
	part := tabular.Matrix{Rows: to - from, Cols: m.Cols}
	if m.F32 != nil {
		part.F32 = m.F32[from*m.Cols : to*m.Cols]
	} else {
		part.F64 = m.F64[from*m.Cols : to*m.Cols]
	}
	return &tabular.Frame{Rows: part.Rows, Numbers: &part}
}

// python is an environment's interpreter, where config/deps/venv.sh puts it.
func python(t testing.TB, name string) string {
	t.Helper()
	cache := os.Getenv("SLUICE_CACHE")
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(base, "sluice")
	}
	return filepath.Join(cache, "python", name, "bin", "python")
}

func run(t testing.TB, command *exec.Cmd) {
	t.Helper()
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, output)
	}
}

func read(t testing.TB, folder, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func floats[T float32 | float64](data []byte) []T {
	datatype := oip.FP64
	var zero T
	if _, single := any(zero).(float32); single {
		datatype = oip.FP32
	}
	return oip.Elements[T](oip.Tensor{Datatype: datatype, Data: oip.Align(data, datatype.Size())})
}
