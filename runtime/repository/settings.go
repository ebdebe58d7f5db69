package repository

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// settingsFile is what MLServer calls the description of a model that stands beside it.
const settingsFile = "model-settings.json"

// settings is what is read of it.
type settings struct {
	Name           string `json:"name"`
	Implementation string `json:"implementation"`
	Parameters     struct {
		URI     string `json:"uri"`
		Version string `json:"version"`
	} `json:"parameters"`
}

// findSettings finds the model of a folder with a settings file; nil if there is none.
func findSettings(dir string, formats []Format) ([]File, error) {
	path := filepath.Join(dir, settingsFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("no model can be read: %w", err)
	}
	var s settings
	if err := json.Unmarshal(content, &s); err != nil {
		return nil, &LayoutError{Path: path, Problem: fmt.Sprintf("it is not MLServer's settings of a model: %v", err)}
	}
	uri := strings.TrimPrefix(s.Parameters.URI, "file://")
	if uri == "" {
		return s.findBeside(dir, formats)
	}
	if !filepath.IsAbs(uri) {
		uri = filepath.Join(dir, uri)
	}
	info, err := os.Stat(uri)
	if err != nil {
		return nil, &LayoutError{Path: path, Problem: fmt.Sprintf("its parameters.uri %q can't be read: %v", s.Parameters.URI, err)}
	}
	if info.IsDir() {
		return s.findBeside(uri, formats)
	}
	return s.file(path, uri, formats)
}

// findBeside finds the model file in a folder by MLServer's names for it.
func (s settings) findBeside(dir string, formats []Format) ([]File, error) {
	for _, format := range formats {
		for _, extension := range format.Extensions {
			path := filepath.Join(dir, "model"+extension)
			if _, err := os.Stat(path); err == nil {
				if found, err := s.file(filepath.Join(dir, settingsFile), path, formats); err == nil {
					return found, nil
				}
			}
		}
	}
	return s.named(dir, formats)
}

// named finds the model as where there are no settings, and gives it the settings' name.
func (s settings) named(dir string, formats []Format) ([]File, error) {
	found, err := findFiles(dir, formats, 0)
	for i := range found {
		found[i].Name = s.Name
	}
	return found, err
}

func (s settings) file(from, path string, formats []Format) ([]File, error) {
	format, known := formatOf(path, formats)
	if wanted := formatOfClass(s.Implementation); wanted != "" {
		format, known = wanted, true
	}
	if !known {
		return nil, &LayoutError{Path: from, Problem: fmt.Sprintf("its model %s is of no format that is served: %s", path, describeFormats(formats))}
	}
	version := s.Parameters.Version
	if version == "" {
		version = "1"
	}
	return []File{{Name: s.Name, Version: version, Path: path, Format: format}}, nil
}

// formatOfClass is the format that one of MLServer's own runtimes serves.
func formatOfClass(implementation string) string {
	switch implementation {
	case "mlserver_sklearn.SKLearnModel":
		return "sklearn"
	case "mlserver_xgboost.XGBoostModel":
		return "xgboost"
	case "mlserver_lightgbm.LightGBMModel":
		return "lightgbm"
	}
	return ""
}
