package convert

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/runtime/sklearn"
)

// newest is the scikit-learn of a file that doesn't name one.
const newest = "1.9.1"

// requirements are what an environment holds, pinned: the scikit-learn that wrote the file, and the converters that know it.
func requirements(about sklearn.Description) []string {
	version := about.Version
	if version == "" {
		version = newest
	}
	pins := []string{"scikit-learn==" + version, "onnxmltools==1.16.0", "skl2onnx==1.20.0", "onnx==1.23.2", "onnxruntime==1.32.0", "pandas", "lz4"}
	switch major := strings.Join(strings.SplitN(version+"..", ".", 3)[:2], "."); major {
	case "1.0":
		pins = []string{"scikit-learn==" + version, "onnxmltools==1.12.0", "skl2onnx==1.16.0", "onnx==1.15.0", "onnxruntime==1.16.3", "numpy<1.24", "pandas<2", "scipy<1.10", "protobuf<5", "lz4"}
	case "1.1", "1.2", "1.3":
		pins = []string{"scikit-learn==" + version, "onnxmltools==1.12.0", "skl2onnx==1.17.0", "onnx==1.16.2", "onnxruntime==1.18.1", "numpy<2", "pandas<2.2", "lz4"}
	}
	for _, library := range []string{"xgboost", "lightgbm"} {
		if !slices.Contains(about.Libraries, library) {
			continue
		}
		if library == "xgboost" && runtime.GOOS == "linux" {
			library = "xgboost-cpu" // the other brings hundreds of megabytes for GPUs
		}
		pins = append(pins, library)
	}
	slices.Sort(pins)
	return pins
}

// hasConverter ends well where all is installed, and imports none of it: that takes seconds.
const hasConverter = "import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, ('joblib', 'skl2onnx', 'sklearn', 'onnxruntime'))))"

// environment gives the interpreter that converts: the user's if it can, else one of an environment in the cache.
func (o Options) environment(ctx context.Context, about sklearn.Description) (string, error) {
	base := o.Python
	if base == "" {
		base = "python3"
	}
	base, err := exec.LookPath(base)
	if err != nil {
		return "", &Fault{Kind: NoPython, Text: err.Error()}
	}
	if o.Python != "" {
		if _, err := runPython(ctx, base, "-c", hasConverter); err == nil {
			return base, nil
		}
	}
	release, err := runPython(ctx, base, "-c", "import sys; print(sys.version_info[:3], sys.base_prefix)")
	if err != nil {
		return "", &Fault{Kind: NoPython, Text: base + ": " + tail(release)}
	}
	pins := requirements(about)
	home := filepath.Join(o.Cache, "convert", digest(release, pins))
	python := filepath.Join(home, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(home, "Scripts", "python.exe")
	}
	if _, err := os.Stat(filepath.Join(home, "whole")); err == nil {
		return python, nil
	}
	return python, o.makeEnvironment(ctx, base, home, python, pins)
}

// digest names an environment by all that it was made of.
func digest(release string, pins []string) string {
	sum := sha256.Sum256([]byte(release + strings.Join(pins, "\n")))
	return hex.EncodeToString(sum[:8])
}

// makeEnvironment makes one from nothing; without the file "whole" it counts as none.
func (o Options) makeEnvironment(ctx context.Context, base, home, python string, pins []string) error {
	o.Note("making a Python environment in " + home + " (once): " + strings.Join(pins, " "))
	if err := os.RemoveAll(home); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return err
	}
	if said, err := runPython(ctx, base, "-m", "venv", home); err != nil {
		return stopped(ctx, &Fault{Kind: NoEnvironment, Python: base, Text: tail(said)})
	}
	install := append([]string{"-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--only-binary=:all:"}, pins...)
	if said, err := runPython(ctx, python, install...); err != nil {
		return stopped(ctx, &Fault{Kind: pipFault(said), Python: base, Text: tail(said)})
	}
	return os.WriteFile(filepath.Join(home, "whole"), nil, 0o600)
}

// pipFault tells an index that can't be reached, at which pip also says that it finds nothing, from one without a build.
func pipFault(said string) Kind {
	for _, words := range []string{"Retrying (", "NewConnectionError", "ConnectTimeoutError", "Connection refused", "Name or service not known", "ProxyError", "SSLError"} {
		if strings.Contains(said, words) {
			return NoIndex
		}
	}
	if strings.Contains(said, "No matching distribution") || strings.Contains(said, "ResolutionImpossible") {
		return NoVersion
	}
	return NoIndex
}

// stopped prefers the context's end over what the end of a process looks like.
func stopped(ctx context.Context, f *Fault) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return f
}

// runPython runs an interpreter and gives all that it says.
func runPython(ctx context.Context, python string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, python, args...) //nolint:gosec // the user's interpreter, by their command
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	return said.String(), err
}

// tail is the last lines of what was said.
func tail(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return strings.Join(lines[max(0, len(lines)-6):], "\n")
}
