package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan"
)

func newInitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init MODEL...",
		Short: "Print the InferenceService for a model file",
		Long: `Print the InferenceService that "sluice run MODEL" serves a model file by, to keep and to change. Of a directory, its
model files are taken.`,
		Example: `  sluice init model.onnx > model.yaml
  sluice init models/`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, paths []string) error {
			services, err := modelServices(paths)
			if err != nil {
				return err
			}
			return writeManifests(cmd.OutOrStdout(), services)
		},
	}
}

// modelServices gives an InferenceService for each model file named or below a directory named.
func modelServices(paths []string) ([]v1beta1.InferenceService, error) {
	files, err := modelFiles(paths)
	if err != nil {
		return nil, err
	}
	var services []v1beta1.InferenceService
	holder := map[string]string{}
	for _, file := range files {
		service, err := plan.ModelFile(file)
		if err != nil {
			return nil, err
		}
		if first, taken := holder[service.Name]; taken {
			return nil, fmt.Errorf("%s and %s would both be served as %s: rename one of them", first, file, service.Name)
		}
		holder[service.Name] = file
		services = append(services, service)
	}
	return services, nil
}

// modelFiles gives the absolute paths of the files named and of the model files in the directories named.
func modelFiles(paths []string) ([]string, error) {
	var files []string
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
			files = append(files, root)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() && plan.IsModelFile(path) {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("looking for model files: %w", err)
		}
		if len(files) == before {
			return nil, fmt.Errorf("there is no model file in %s; name one", root)
		}
	}
	return files, nil
}
