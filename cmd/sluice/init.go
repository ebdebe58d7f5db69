package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/standalone"
)

func newInitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init MODEL...",
		Short: "Print the InferenceService for a model file",
		Long: `Print the InferenceService that "sluice run MODEL" serves a model file by, to keep and to change. Of a directory, its
model files are taken. A file that can't be served is named on standard error and makes the exit code 1.`,
		Example: `  sluice init model.onnx > model.yaml
  sluice init models/`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, paths []string) error {
			services, refused, err := modelServices(paths)
			if err != nil {
				return err
			}
			if err := writeManifests(cmd.OutOrStdout(), services); err != nil {
				return err
			}
			return reportRefused(cmd.ErrOrStderr(), refused)
		},
	}
}

// modelServices gives an InferenceService for each model file named or below a directory named, and why those have none
// that are refused. The others go on, as in `sluice run`.
func modelServices(paths []string) (services []v1beta1.InferenceService, refused []error, err error) {
	files, err := modelFiles(paths)
	if err != nil {
		return nil, nil, err
	}
	holder := map[string]string{}
	for _, found := range files {
		file := found.path
		service, err := plan.ModelFile(file, found.root, standalone.ModelHead(file))
		if err != nil {
			refused = append(refused, err)
			continue
		}
		if first, taken := holder[service.Name]; taken {
			refused = append(refused, fmt.Errorf("%s and %s would both be served as %s; rename one of them", first, file, service.Name))
			continue
		}
		holder[service.Name] = file
		services = append(services, service)
	}
	return services, refused, nil
}

// reportRefused writes the refusals, one a line.
func reportRefused(w io.Writer, refused []error) error {
	for _, err := range refused {
		if _, err := fmt.Fprintln(w, print.Clean(err.Error())); err != nil {
			return err
		}
	}
	if len(refused) > 0 {
		return wrongError{}
	}
	return nil
}

// modelFile is a model file and the path named at or below which it was found, both absolute.
type modelFile struct{ path, root string }

// modelFiles gives the files named and the model files in the directories named.
func modelFiles(paths []string) ([]modelFile, error) {
	var files []modelFile
	for _, path := range paths {
		root, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("finding %s: %w", path, err)
		}
		info, err := os.Stat(root)
		if err != nil {
			return nil, usagef("%w; name a model file or a directory of them", err)
		}
		if !info.IsDir() {
			files = append(files, modelFile{root, root})
			continue
		}
		var below []string
		err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() && plan.IsModelFile(path, standalone.ModelHead) {
				below = append(below, path)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("looking for model files: %w", err)
		}
		if len(below) == 0 {
			return nil, fmt.Errorf("there is no model file in %s; name one", root)
		}
		for _, path := range plan.NewestModels(below) {
			files = append(files, modelFile{path, root})
		}
	}
	return files, nil
}
