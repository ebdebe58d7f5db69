package convert_test

import (
	"archive/zip"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/runtime/convert"
)

// python is that of the environment that config/deps/venv.sh keeps. It holds what a conversion of a file of scikit-learn 1.9 installs.
func python(t *testing.T) string {
	t.Helper()
	cache := os.Getenv("SLUICE_CACHE")
	if cache == "" {
		folder, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(folder, "sluice")
	}
	path := filepath.Join(cache, "python", "convert", "bin", "python")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v\n(this test needs skl2onnx: run `make clients`)", err)
	}
	return path
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

// run converts in the kept environment unless an interpreter is named, and holds that none is made.
func run(t *testing.T, o convert.Options) (convert.Report, error) {
	t.Helper()
	o.Note = func(text string) { t.Log(text) }
	if o.Output == "" {
		o.Output = filepath.Join(t.TempDir(), "model.onnx")
	}
	if o.Python == "" {
		o.Python = python(t)
	}
	o.Cache = t.TempDir()
	report, err := convert.Run(t.Context(), o)
	if entries, err := os.ReadDir(o.Cache); err != nil || len(entries) > 0 {
		t.Errorf("an environment is made: %v %v", entries, err)
	}
	return report, err
}

// TestAConvertedModelIsHeldAgainstTheOriginal converts models that are served natively as well, since skl2onnx knows those best.
func TestAConvertedModelIsHeldAgainstTheOriginal(t *testing.T) {
	t.Parallel()
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

func TestABoostedPipelineIsConverted(t *testing.T) {
	t.Parallel()
	sample := write(t, "sample.json", `{"instances": [[0.5, 1], [5.1, 0], [3, 2]]}`)
	for _, model := range []string{"xgboost.XGBClassifier(n_estimators=5)", "lightgbm.LGBMClassifier(n_estimators=5, verbosity=-1)", "xgboost.XGBRegressor(n_estimators=5)"} {
		report, err := run(t, convert.Options{Model: fitted(t, "make_pipeline(StandardScaler(), "+model+").fit(x, three)"), Sample: sample})
		if err != nil {
			t.Errorf("%s: %v", model, err)
			continue
		}
		for _, d := range report.Check.Differences {
			if d.Largest != nil && *d.Largest > 1e-5 || d.Unequal != nil && *d.Unequal > 0 {
				t.Errorf("%s: %s differs", model, d.Output)
			}
		}
	}
}

// TestWhatCannotBeConvertedSaysWhatToDo goes through the steps that can fail.
func TestWhatCannotBeConvertedSaysWhatToDo(t *testing.T) {
	t.Parallel()
	birch, err := filepath.Glob(models("more1.9", "cluster-birch.*"))
	if err != nil || len(birch) != 1 {
		t.Fatal(birch, err)
	}
	foreign := write(t, "mine.pkl", "cmypackage.models\nRidge\n)\x81}b.")
	process, multi := fitted(t, "GaussianProcessClassifier().fit(x, two)"), fitted(t, "GaussianProcessClassifier().fit(x, three)")
	sample := write(t, "s.json", `{"rows": 1}`)
	for _, test := range []struct {
		name string
		o    convert.Options
		kind convert.Kind
		says string
	}{
		{"no Python", convert.Options{Model: birch[0], Python: "/nowhere/python"}, convert.NoPython, "install python3"},
		{"no converter", convert.Options{Model: birch[0]}, convert.Unconvertible, "runtime: kserve-sklearnserver"},
		{"a converter that isn't complete", convert.Options{Model: multi}, convert.Unconvertible, "binary classification"},
		{"an ONNX file that can't be loaded", convert.Options{Model: process}, convert.Unconvertible, "ONNX Runtime can't load what it makes of it"},
		{"a module of one's own", convert.Options{Model: foreign}, convert.NoModule, "the module mypackage"},
		{"no pickle", convert.Options{Model: write(t, "x.pkl", "hello")}, convert.NotPickle, "neither a pickle nor a joblib file"},
		{"a damaged pickle", convert.Options{Model: write(t, "y.pkl", "\x80\x04hello")}, convert.NotLoaded, "--sklearn-version"},
		{"a sample of another model", convert.Options{Model: birch[0], Sample: sample}, convert.BadSample, "V1 or V2"},
		{"a sample that isn't JSON", convert.Options{Model: birch[0], Sample: write(t, "t.json", "{")}, convert.BadSample, "JSONDecodeError"},
		{"a sample that isn't there", convert.Options{Model: birch[0], Sample: "/nowhere/sample.json"}, convert.BadSample, "no such file"},
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

// fitted pickles a model that the kept environment makes of rows x, whose classes are two or three.
func fitted(t *testing.T, model string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.pkl")
	program := `
import joblib, lightgbm, sys, xgboost
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
x = [[i / 10, i % 3] for i in range(60)]
two, three = [i // 30 for i in range(60)], [i // 20 for i in range(60)]
joblib.dump(` + model + ", sys.argv[1])"
	if said, err := exec.CommandContext(t.Context(), python(t), "-c", program, path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return path
}

// TestAnOutputThatCannotBeIsSaidFirst has no Python, which is needed later.
func TestAnOutputThatCannotBeIsSaidFirst(t *testing.T) {
	t.Parallel()
	model, folder := write(t, "m.pkl", "N."), t.TempDir()
	for output, says := range map[string]string{
		filepath.Join(folder, "nowhere", "m.onnx"): "make the folder of",
		folder:                         "is a folder",
		filepath.Join(model, "m.onnx"): "isn't in a folder",
		model:                          "is the model itself",
	} {
		_, err := run(t, convert.Options{Model: model, Output: output, Python: "/nowhere/python"})
		var fault *convert.Fault
		if !errors.As(err, &fault) || fault.Kind != convert.BadOutput || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", output, err, says)
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
	_, err = convert.Run(t.Context(), convert.Options{Model: models("v1.9", "num-names.pkl"), Output: filepath.Join(t.TempDir(), "m.onnx"), Cache: t.TempDir(), Note: func(string) {}})
	var fault *convert.Fault
	if !errors.As(err, &fault) || fault.Kind != convert.NoIndex || !strings.Contains(err.Error(), "PIP_INDEX_URL") {
		t.Errorf("%v", err)
	}
}

// TestAnEnvironmentIsMadeOnce installs wheels that hold nothing, so that no index is asked; what is converted there then lacks a module.
func TestAnEnvironmentIsMadeOnce(t *testing.T) {
	wheels, cache := t.TempDir(), t.TempDir()
	for name, value := range map[string]string{"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels, "PIP_CONFIG_FILE": os.DevNull, "PIP_INDEX_URL": "", "PIP_EXTRA_INDEX_URL": ""} {
		t.Setenv(name, value)
	}
	convertIn := func() ([]string, error) {
		var made []string
		_, err := convert.Run(t.Context(), convert.Options{Model: models("v1.9", "num-names.pkl"), Output: filepath.Join(t.TempDir(), "m.onnx"), Cache: cache, Note: func(text string) {
			if _, pins, found := strings.Cut(text, "(once): "); found {
				made = strings.Fields(pins)
			}
		}})
		return made, err
	}
	var fault *convert.Fault
	pins, err := convertIn()
	if !errors.As(err, &fault) || fault.Kind != convert.NoVersion || !slices.Contains(pins, "scikit-learn==1.9.1") {
		t.Fatalf("without wheels: %v, of %v", err, pins)
	}
	for _, pin := range pins {
		emptyWheel(t, wheels, pin)
	}
	// What isn't whole is made anew, what is isn't.
	for run, isMade := range []bool{true, false} {
		made, err := convertIn()
		if !errors.As(err, &fault) || fault.Kind != convert.NoModule || len(made) > 0 != isMade {
			t.Errorf("run %d: %v, made of %v", run, err, made)
		}
	}
}

// emptyWheel writes a wheel that is nothing but its name and version.
func emptyWheel(t *testing.T, folder, pin string) {
	t.Helper()
	name, version, pinned := strings.Cut(pin, "==")
	if !pinned {
		version = "1.0"
	}
	stem := strings.ReplaceAll(name, "-", "_") + "-" + version
	file, err := os.Create(filepath.Join(folder, stem+"-py3-none-any.whl"))
	if err != nil {
		t.Fatal(err)
	}
	archive := zip.NewWriter(file)
	for member, content := range map[string]string{
		"METADATA": "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n",
		"WHEEL":    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		"RECORD":   "",
	} {
		w, err := archive.Create(stem + ".dist-info/" + member)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
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
