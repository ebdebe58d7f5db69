// Package rig is what a benchmark runs on: the binaries, a temporary folder, processes with their ports, their CPU time
// and memory, and the processors that they may use.
package rig

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/sluice-serving/sluice/xds/proxy"
)

// Rig is handed to each benchmark.
type Rig struct {
	// Root is the checkout's root.
	Root string
	// Sluice and Envoy are the binaries.
	Sluice, Envoy string
	// Work is a folder that is removed after the benchmark. Its path is short, since that of a unix socket has at most
	// 107 bytes.
	Work string
	// Rounds is how often each contender is measured.
	Rounds int
	// Quick asks for a run that shows that everything works, in seconds, and whose numbers mean little.
	Quick bool
	// Sizes replace the sizes that a benchmark measures, if there are any.
	Sizes []int
	// Parts are the parts of a benchmark that are wanted; none means all.
	Parts map[string]bool
	// Logger tells what is being measured.
	Logger *slog.Logger
}

// Prepare finds the binaries and makes the folder; the error says what is missing and how to get it.
func (r Rig) Prepare() (*Rig, error) {
	r.Sluice = filepath.Join(r.Root, "bin", "sluice")
	if _, err := os.Stat(r.Sluice); err != nil {
		return nil, fmt.Errorf("%w; `make build` builds it, and `make bench` does so by itself", err)
	}
	var err error
	if r.Envoy, err = proxy.FindBinary(""); err != nil {
		return nil, err
	}
	if r.Work, err = os.MkdirTemp("", "sluice-bench-"); err != nil {
		return nil, err
	}
	return &r, nil
}

// Remove removes the folder; every process has to have ended.
func (r *Rig) Remove() error { return os.RemoveAll(r.Work) }

// Wants says whether a part of a benchmark is to be measured.
func (r *Rig) Wants(part string) bool { return len(r.Parts) == 0 || r.Parts[part] }

// CheckParts refuses parts that a benchmark does not have.
func (r *Rig) CheckParts(known ...string) error {
	var errs []error
	for part := range r.Parts {
		found := false
		for _, k := range known {
			found = found || k == part
		}
		if !found {
			errs = append(errs, fmt.Errorf("there is no part %q; there are %q", part, known))
		}
	}
	return errors.Join(errs...)
}

// Whole says whether the benchmark is run as it is meant to be, so that its results may stand for it.
func (r *Rig) Whole() bool { return !r.Quick && len(r.Sizes) == 0 && len(r.Parts) == 0 }

// Note says how much was measured, for the report.
func (r *Rig) Note() string {
	note := fmt.Sprintf("Rounds: %d.", r.Rounds)
	if !r.Whole() {
		note += " **Not the whole benchmark: such numbers only show that it runs.**"
	}
	return note
}
