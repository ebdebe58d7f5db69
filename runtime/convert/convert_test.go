package convert_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/runtime/convert"
)

// cache is the user's, where the environment is made once: the first run needs pip's index.
func cache(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("SLUICE_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "sluice")
}

func models(version, name string) string {
	return filepath.Join("..", "sklearn", "testdata", version, name)
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, o convert.Options) (convert.Report, error) {
	t.Helper()
	o.Note = func(text string) { t.Log(text) }
	if o.Output == "" {
		o.Output = filepath.Join(t.TempDir(), "model.onnx")
	}
	if o.Cache == "" {
		o.Cache = cache(t)
	}
	return convert.Run(t.Context(), o)
}

// TestAConvertedModelIsHeldAgainstTheOriginal converts models that are served natively as well, since skl2onnx knows those best.
func TestAConvertedModelIsHeldAgainstTheOriginal(t *testing.T) {
	matrix := `{"inputs": [{"name": "x", "shape": [3, 5], "datatype": "FP64", "data": [1, 2, 3, 4, 5, 0, 1, 0, 1, 0, -1, 0.5, 2, 9, 1]}]}`
	for _, test := range []struct{ model, sample, output string }{
		{"num-names.pkl", `{"instances": [{"e": 1, "b": 2, "a": 0.5, "c": 3, "d": 1}, {"e": 0, "b": 1, "a": 0.5, "c": 3, "d": 9}]}`, "predict predict_proba"},
		{"reg-linear", matrix, "predict"},
		{"tr-standard", matrix, "transform"},
		{"cls-tree-bool", `{"instances": [[1, 2, 3, 4, 5], [0, 0, 0, 0, 0]]}`, "predict predict_proba"},
	} {
		found, err := filepath.Glob(models("v1.9", test.model+"*"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no model %s", test.model)
		}
		out := filepath.Join(t.TempDir(), "model.onnx")
		report, err := run(t, convert.Options{Model: found[0], Output: out, Sample: write(t, "sample.json", test.sample)})
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(out); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", test.model, err)
		}
		var outputs []string
		for _, d := range report.Check.Differences {
			outputs = append(outputs, d.Output)
			if d.Largest != nil && *d.Largest > 1e-5 || d.Unequal != nil && *d.Unequal > 0 {
				t.Errorf("%s: %s differs", test.model, d.Output)
			}
		}
		if got := strings.Join(outputs, " "); got != test.output || !strings.HasPrefix(report.Sklearn, "1.9.") {
			t.Errorf("%s: %q of scikit-learn %s is compared, want %q", test.model, got, report.Sklearn, test.output)
		}
	}
}

// TestWhatCannotBeConvertedSaysWhatToDo goes through the steps that can fail.
func TestWhatCannotBeConvertedSaysWhatToDo(t *testing.T) {
	birch, err := filepath.Glob(models("more1.9", "cluster-birch.*"))
	if err != nil || len(birch) != 1 {
		t.Fatal(birch, err)
	}
	foreign := write(t, "mine.pkl", "cmypackage.models\nRidge\n)\x81}b.")
	for _, test := range []struct {
		name string
		o    convert.Options
		kind convert.Kind
		says string
	}{
		{"no Python", convert.Options{Model: birch[0], Python: "/nowhere/python"}, convert.NoPython, "install python3"},
		{"no converter", convert.Options{Model: birch[0]}, convert.Unconvertible, "runtime: kserve-sklearnserver"},
		{"a module of one's own", convert.Options{Model: foreign}, convert.NoModule, "the module mypackage"},
		{"no pickle", convert.Options{Model: write(t, "x.pkl", "hello")}, convert.NotLoaded, "--sklearn-version"},
		{"a sample of another model", convert.Options{Model: birch[0], Sample: write(t, "s.json", `{"rows": 1}`)}, convert.BadSample, "V1 or V2"},
	} {
		out := filepath.Join(t.TempDir(), "model.onnx")
		test.o.Output = out
		_, err := run(t, test.o)
		var fault *convert.Fault
		if !errors.As(err, &fault) || fault.Kind != test.kind || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", test.name, err, test.says)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: a file is written", test.name)
		}
	}
}

func TestAnIndexThatIsNotThereIsSaid(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"PIP_INDEX_URL": "http://" + address + "/simple", "PIP_RETRIES": "1", "PIP_TIMEOUT": "1", "PIP_CONFIG_FILE": os.DevNull, "PIP_EXTRA_INDEX_URL": "", "PIP_NO_CACHE_DIR": "1"} {
		t.Setenv(name, value)
	}
	_, err = run(t, convert.Options{Model: models("v1.9", "num-names.pkl"), Cache: t.TempDir()})
	var fault *convert.Fault
	if !errors.As(err, &fault) || fault.Kind != convert.NoIndex || !strings.Contains(err.Error(), "PIP_INDEX_URL") {
		t.Errorf("%v", err)
	}
}

// TestAnInterpreterOfTheUsersIsUsedAsItIs takes the interpreter of the environment that another conversion made.
func TestAnInterpreterOfTheUsersIsUsedAsItIs(t *testing.T) {
	if _, err := run(t, convert.Options{Model: models("v1.9", "num-names.pkl")}); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(cache(t), "convert", "*", "bin", "python"))
	if err != nil || len(found) == 0 {
		t.Fatal("no environment", err)
	}
	for _, python := range found {
		if exec.CommandContext(t.Context(), python, "-c", "import skl2onnx, sklearn, onnxruntime; assert sklearn.__version__.startswith('1.9')").Run() != nil {
			continue
		}
		empty := t.TempDir()
		if _, err := run(t, convert.Options{Model: models("v1.9", "num-names.pkl"), Python: python, Cache: empty}); err != nil {
			t.Fatal(err)
		}
		if entries, err := os.ReadDir(empty); err != nil || len(entries) > 0 {
			t.Errorf("an environment was made: %v %v", entries, err)
		}
		return
	}
	t.Fatal("no interpreter has skl2onnx")
}

func TestAConversionThatIsStoppedEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := convert.Run(ctx, convert.Options{Model: models("v1.9", "num-names.pkl"), Output: filepath.Join(t.TempDir(), "m.onnx"), Cache: t.TempDir(), Note: func(string) {}})
	if err == nil {
		t.Error("no error")
	}
}
