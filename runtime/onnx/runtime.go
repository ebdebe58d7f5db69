package onnx

import (
	"context"
	"os"
	goruntime "runtime"

	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/onnx/ort"
)

// Platform is what V2's metadata calls these models, by Triton's convention.
const Platform = "onnxruntime_onnx"

// Options are how models are opened.
type Options struct {
	// Library is the path of libonnxruntime; empty: it is looked for.
	Library string
	// Threads is the size of a model's thread pool; 0: as many as Go uses,
	// which heeds the CPU limit of a container.
	Threads int
}

// Runtime is a loaded onnxruntime; it must outlive its models.
type Runtime struct {
	library *ort.Library
	threads int
}

// Start finds and loads onnxruntime. If there is none, the error is a
// *NotFoundError.
func Start(options Options) (*Runtime, error) {
	missing := &NotFoundError{}
	for _, c := range candidates(options.Library, os.Getenv) {
		missing.Looked = append(missing.Looked, c.path)
		if !c.exists() {
			continue
		}
		library, err := ort.Load(c.path)
		if err == nil {
			return &Runtime{library: library, threads: threads(options.Threads)}, nil
		}
		if c.explicit || c.path[0] == '/' { // the loader's report of a name that isn't there adds nothing
			missing.Problems = append(missing.Problems, err)
		}
	}
	return nil, missing
}

func threads(asked int) int {
	if asked > 0 {
		return asked
	}
	return goruntime.GOMAXPROCS(0)
}

// Version is onnxruntime's own.
func (r *Runtime) Version() string { return r.library.Version() }

// Path is where the library was found.
func (r *Runtime) Path() string { return r.library.Path() }

// Close frees the library. All its models must be closed.
func (r *Runtime) Close() error { return r.library.Close() }

// Opener gives what loads the model file at path.
func (r *Runtime) Opener(path string) model.Opener {
	return func(context.Context) (model.Predictor, error) { return r.open(path) }
}
