package repository_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/runtime/repository"
)

func several() []repository.Format {
	begins := func(with string) func([]byte) bool {
		return func(head []byte) bool { return strings.HasPrefix(string(head), with) }
	}
	return []repository.Format{
		{Name: "onnx", Extensions: []string{".onnx"}},
		{Name: "sklearn", Extensions: []string{".joblib", ".pkl"}},
		{Name: "lightgbm", Extensions: []string{".txt", ".bst"}, Holds: begins("tree")},
		{Name: "xgboost", Extensions: []string{".json", ".bst"}, Holds: begins(`{"learner"`)},
	}
}

func TestContentTellsFormatsOfOneEndingApart(t *testing.T) {
	t.Parallel()
	const learner = `{"learner":{}}`
	tests := map[string]struct {
		files map[string]string
		want  repository.File
		wrong string
	}{
		"XGBoost's JSON":                {map[string]string{"model.json": learner, "package.json": "{}"}, repository.File{Version: "1", Path: "model.json", Format: "xgboost"}, ""},
		"LightGBM as KServe names it":   {map[string]string{"model.bst": "tree\n"}, repository.File{Version: "1", Path: "model.bst", Format: "lightgbm"}, ""},
		"XGBoost as KServe names it":    {map[string]string{"model.bst": learner}, repository.File{Version: "1", Path: "model.bst", Format: "xgboost"}, ""},
		"LightGBM beside a readme":      {map[string]string{"model.txt": "tree\n", "readme.txt": "a tree"}, repository.File{Version: "1", Path: "model.txt", Format: "lightgbm"}, ""},
		"JSON of another kind":          {map[string]string{"model.json": "{}"}, repository.File{}, "it holds no model file (onnx is *.onnx, sklearn is *.joblib or *.pkl, lightgbm is *.txt or *.bst that the library wrote, "},
		"MLServer's settings":           {map[string]string{"model-settings.json": `{"name":"iris","implementation":"mlserver_xgboost.XGBoostModel","parameters":{"uri":"./m.bin","version":"v2"}}`, "m.bin": "x", "other.joblib": "x"}, repository.File{Name: "iris", Version: "v2", Path: "m.bin", Format: "xgboost"}, ""},
		"settings without a file":       {map[string]string{"model-settings.json": `{"name":"iris"}`, "model.json": learner}, repository.File{Name: "iris", Version: "1", Path: "model.json", Format: "xgboost"}, ""},
		"settings and an odd name":      {map[string]string{"model-settings.json": `{"name":"iris"}`, "odd.pkl": "x"}, repository.File{Name: "iris", Version: "1", Path: "odd.pkl", Format: "sklearn"}, ""},
		"settings of a file not there":  {map[string]string{"model-settings.json": `{"parameters":{"uri":"gone.pkl"}}`}, repository.File{}, `model-settings.json: its parameters.uri "gone.pkl" can't be read`},
		"settings that aren't JSON":     {map[string]string{"model-settings.json": `{`}, repository.File{}, "it is not MLServer's settings of a model"},
		"settings of a format not here": {map[string]string{"model-settings.json": `{"parameters":{"uri":"m.h5"}}`, "m.h5": "x"}, repository.File{}, "is of no format that is served"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, content := range test.files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			found, err := repository.Find(dir, several())
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Errorf("got %v, %v; want %s", found, err, test.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			test.want.Path = filepath.Join(dir, test.want.Path)
			if diff := cmp.Diff([]repository.File{test.want}, found); diff != "" {
				t.Error(diff)
			}
		})
	}
}
