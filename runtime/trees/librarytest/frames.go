package librarytest

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sluice-serving/sluice/api/oip"
)

// FrameModel is a model that was trained on a data frame with columns of categories, and what the library answers for others.
type FrameModel struct {
	Library string // "lightgbm" or "xgboost"
	Kinds   []string
	// Files are the same model in several formats; a pickle's name ends with .joblib.
	Files   []string
	Columns []struct {
		Name   string
		Values []any // numbers, texts or truth values; nil is missing
	}
	Predict  []float64
	Matrix   [][]*float64 // codes
	OfMatrix []float64    `json:"of_matrix"`
	// Refused is a value of the column "int" that the library refuses; nil if there is none.
	Refused *float64
}

// TrainFrames trains count models in a Python environment that it makes if need be.
func TrainFrames(t testing.TB, seed, count int) []FrameModel {
	t.Helper()
	home := environment(t, "frames", "frames.txt")
	folder := t.TempDir()
	training := exec.CommandContext(t.Context(), python(t, "frames"), filepath.Join(home, "testdata", "frames.py"), fmt.Sprint(seed), fmt.Sprint(count), folder)
	training.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "PYTHONDONTWRITEBYTECODE=1")
	run(t, training)
	var models []FrameModel
	if err := json.Unmarshal(read(t, folder, "models.json"), &models); err != nil {
		t.Fatal(err)
	}
	for i := range models {
		for k, file := range models[i].Files {
			models[i].Files[k] = filepath.Join(folder, file)
		}
	}
	return models
}

// Named are the columns asked as a client names them.
func (m FrameModel) Named() []oip.Tensor {
	tensors := make([]oip.Tensor, len(m.Columns))
	for i, c := range m.Columns {
		rows := len(c.Values)
		numbers, texts, missing := make([]float64, rows), make([]string, rows), make([]bool, rows)
		isText := false
		for row, value := range c.Values {
			switch v := value.(type) {
			case nil:
				numbers[row], missing[row] = math.NaN(), true
			case bool:
				if v {
					numbers[row] = 1
				}
			case float64:
				numbers[row] = v
			case string:
				texts[row], isText = v, true
			}
		}
		tensors[i] = oip.NewTensor(c.Name, oip.FP64, []int64{int64(rows)}, numbers)
		if isText {
			tensors[i] = oip.Tensor{Name: c.Name, Datatype: oip.Bytes, Shape: []int64{int64(rows)}, Strings: texts, Missing: missing}
		}
	}
	return tensors
}

// Codes is the matrix asked.
func (m FrameModel) Codes() []oip.Tensor {
	var values []float64
	for _, row := range m.Matrix {
		for _, v := range row {
			if v == nil {
				values = append(values, math.NaN())
				continue
			}
			values = append(values, *v)
		}
	}
	return []oip.Tensor{oip.NewTensor("", oip.FP64, []int64{int64(len(m.Matrix)), int64(len(m.Columns))}, values)}
}
