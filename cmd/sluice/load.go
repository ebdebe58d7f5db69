package main

import (
	"fmt"
	"io"
	"os"

	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/standalone"
)

// maxStandardInput bounds the manifests that standard input may hold.
const maxStandardInput = 64 << 20

// load reads the manifests and model files at paths as `sluice run` does; "-" is standard input. A path that is missing
// is a [usageError]; what is wrong within a file is among the problems.
func load(paths []string, in io.Reader) (standalone.Loaded, error) {
	var files []string
	var all standalone.Loaded
	for _, path := range paths {
		if path == "-" {
			data, err := io.ReadAll(io.LimitReader(in, maxStandardInput))
			if err != nil {
				return all, fmt.Errorf("reading standard input: %w", err)
			}
			documents, problems := manifest.Parse("standard input", data)
			all.Documents = append(all.Documents, documents...)
			all.Problems = append(all.Problems, problems...)
			all.Files++
			continue
		}
		if _, err := os.Stat(path); err != nil {
			return all, usagef("%w; name a manifest, a model file, a directory of them, or - for standard input", err)
		}
		files = append(files, path)
	}
	if len(files) > 0 {
		loaded := standalone.Load(files)
		all.Documents = append(all.Documents, loaded.Documents...)
		all.Problems = append(all.Problems, loaded.Problems...)
		all.Files += loaded.Files
	}
	return all, nil
}

// report writes problems, one a line, and says whether there were any.
func report(w io.Writer, problems []manifest.Problem) (bool, error) {
	for _, problem := range problems {
		if _, err := fmt.Fprintln(w, problemLine(shownProblem(problem))); err != nil {
			return true, err
		}
	}
	return len(problems) > 0, nil
}
