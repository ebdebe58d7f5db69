package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// convertible is a model of scikit-learn, and environment the Python that runtime/convert's tests use.
func convertible(t *testing.T) (model, python string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "runtime", "sklearn", "testdata", "v1.9", "num-names.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	model = filepath.Join(t.TempDir(), "model.pkl")
	if err := os.WriteFile(model, content, 0o600); err != nil {
		t.Fatal(err)
	}
	cache := os.Getenv("SLUICE_CACHE")
	if cache == "" {
		folder, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(folder, "sluice")
	}
	return model, filepath.Join(cache, "python", "convert", "bin", "python")
}

func TestConvertTellsWhatItMadeAndHowItDiffers(t *testing.T) {
	t.Parallel()
	model, python := convertible(t)
	sample := filepath.Join(t.TempDir(), "sample.json")
	if err := os.WriteFile(sample, []byte(`{"instances": [{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}, {"a": 0, "b": 1, "c": 3, "d": 9, "e": 0}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"SLUICE_CACHE": t.TempDir()}
	got := sluice(t.Context(), nil, environment, "convert", model, "--sample", sample, "--python", python)
	made := strings.TrimSuffix(model, ".pkl") + ".onnx"
	for _, words := range []string{made + ": sklearn.", "of scikit-learn 1.9.", "predict differs in 0 of 2 rows", "predict_proba differs by "} {
		if got.code != exitOK || !strings.Contains(got.out, words) {
			t.Fatalf("%d %s %s, want %q", got.code, got.out, got.err, words)
		}
	}
	if !strings.Contains(got.err, "runs the code that it names") {
		t.Errorf("nothing is said of running it: %s", got.err)
	}
	before, err := os.Stat(made)
	if err != nil {
		t.Fatal(err)
	}
	if got = sluice(t.Context(), nil, environment, "convert", model, "--python", python); got.code != exitUsage || !strings.Contains(got.err, "--force") {
		t.Errorf("an output that is there: %d %s", got.code, got.err)
	}
	if after, err := os.Stat(made); err != nil || !os.SameFile(before, after) {
		t.Errorf("it is replaced: %v", err)
	}
	if got = sluice(t.Context(), nil, environment, "convert", model, "--python", python, "--force"); got.code != exitOK || !strings.Contains(got.out, "give rows by --sample") {
		t.Errorf("--force: %d %s %s", got.code, got.out, got.err)
	}
}

func TestConvertSaysWhatToDo(t *testing.T) {
	t.Parallel()
	model, _ := convertible(t)
	text := filepath.Join(t.TempDir(), "notes.pkl")
	if err := os.WriteFile(text, []byte("no pickle at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		arguments []string
		code      int
		says      string
	}{
		{[]string{"convert"}, exitUsage, "sluice convert MODEL"},
		{[]string{"convert", model, "--python", "/nowhere/python"}, exitWrong, "install python3"},
		{[]string{"convert", text}, exitWrong, "notes.pkl is neither a pickle nor a joblib file"},
		{[]string{"convert", model + ".gone"}, exitWrong, "no such file"},
		{[]string{"convert", model, "--output", model, "--force"}, exitWrong, "is the model itself"},
	} {
		got := sluice(t.Context(), nil, map[string]string{"SLUICE_CACHE": t.TempDir()}, test.arguments...)
		if got.code != test.code || !strings.Contains(got.err, test.says) {
			t.Errorf("%v: %d %s, want %d %q", test.arguments, got.code, got.err, test.code, test.says)
		}
	}
}
