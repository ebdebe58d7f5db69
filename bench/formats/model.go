package formats

import (
	"os"
	"path/filepath"

	"github.com/sluice-serving/sluice/bench/rig"
)

// modelName is what every server calls the model.
const modelName = "iris"

// examples has KServe's first examples.
func examples(r *rig.Rig) string {
	return filepath.Join(r.Root, "config", "samples", "first-examples")
}

// format is one of those that all servers read.
type format struct {
	name string
	// example is the model's file among the examples; file is what it is called here, with the ending that every library knows.
	example, file string
	// class is MLServer's.
	class string
}

func served() []format {
	return []format{
		{"sklearn", "sklearn/model.joblib", "model.joblib", "mlserver_sklearn.SKLearnModel"},
		{"xgboost", "xgboost/model.bst", "model.ubj", "mlserver_xgboost.XGBoostModel"},
		{"lightgbm", "lightgbm/model.bst", "model.bst", "mlserver_lightgbm.LightGBMModel"},
	}
}

// model is a format's model in a folder of its own.
type model struct {
	format
	folder string
}

func (f format) place(r *rig.Rig) (model, error) {
	m := model{format: f, folder: filepath.Join(r.Work, f.name)}
	data, err := os.ReadFile(filepath.Join(examples(r), "models", f.example))
	if err != nil {
		return m, err
	}
	if err := os.MkdirAll(m.folder, 0o700); err != nil {
		return m, err
	}
	return m, os.WriteFile(m.path(), data, 0o600)
}

func (m model) path() string { return filepath.Join(m.folder, m.file) }
