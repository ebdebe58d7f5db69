package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sluice-serving/sluice/controller/admin"
)

// tryCommands gives the commands that show a service at work: a prediction where a sample request lies
// beside its manifest, else the model's metadata.
func tryCommands(service admin.Service) []string {
	if !service.Ready || len(service.URLs) == 0 {
		return nil
	}
	url := service.URLs[0].URL
	if input := sampleInput(service); input != "" {
		path := "/v1/models/" + service.Name + ":predict"
		return []string{fmt.Sprintf("curl %s%s -H 'Content-Type: application/json' -d @%s", url, path, input)}
	}
	if slices.Contains(service.Spec.Protocols, "v2") {
		return []string{fmt.Sprintf("curl %s/v2/models/%s", url, service.Name)}
	}
	return []string{fmt.Sprintf("curl %s/", url)}
}

// sampleInput is the file NAME-input.json beside a service's manifest, or nothing.
func sampleInput(service admin.Service) string {
	if service.File == "" {
		return ""
	}
	path := filepath.Join(filepath.Dir(service.File), service.Name+"-input.json")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
