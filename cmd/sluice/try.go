package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/controller/admin"
)

// tryCommands gives the commands that show a service at work: a prediction where a sample request lies
// beside its manifest, else the model's metadata.
func tryCommands(service admin.Service) []string {
	if !service.Ready || len(service.URLs) == 0 {
		return nil
	}
	// The path at the end of one by the model's name is another for each protocol.
	url := strings.TrimSuffix(service.URLs[0].URL, "/v2/models/"+service.Name)
	if input := sampleInput(service); input != "" {
		path := "/v1/models/" + service.Name + ":predict"
		return []string{fmt.Sprintf("curl %s%s -H 'Content-Type: application/json' -d @%s", url, path, input)}
	}
	if slices.Contains(service.Spec.Protocols, "v2") {
		return []string{fmt.Sprintf("curl %s/v2/models/%s", url, service.Name)}
	}
	return []string{fmt.Sprintf("curl %s/", url)}
}

// httpsURL is the first address by HTTPS that the services have, or nothing.
func httpsURL(services []admin.Service) string {
	for _, service := range services {
		for _, url := range service.URLs {
			if url.Kind == admin.HTTPSURL {
				return url.URL
			}
		}
	}
	return ""
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
