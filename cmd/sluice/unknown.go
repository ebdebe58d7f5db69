package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/sluice-serving/sluice/api/nearest"
	"github.com/sluice-serving/sluice/controller/admin"
)

// unknownService says that no service of the name ("name" or "namespace/name") is known: because a manifest or model file
// is broken, if one seems to be meant, else with the name in all that is nearest.
func unknownService(ctx context.Context, client *admin.Client, name string, all []admin.Service) error {
	plain := name
	if _, rest, qualified := strings.Cut(name, "/"); qualified {
		plain = rest
	}
	// Only a better message hangs on the problems: without them the plain one is given.
	problems, _ := client.Problems(ctx)
	for _, problem := range problems {
		if concerns(problem, plain) {
			return fmt.Errorf("InferenceService %s isn't served: %s (sluice get problems lists all that is wrong in the manifests)",
				name, problemLine(problem))
		}
	}
	names := make([]string, len(all))
	for i, service := range all {
		names[i] = service.Name
	}
	if near := nearest.Name(plain, names); near != "" {
		return fmt.Errorf("InferenceService %s isn't known; did you mean %s?", name, near)
	}
	if len(problems) > 0 {
		return fmt.Errorf("InferenceService %s isn't known; sluice get services lists those that are, sluice get problems what is wrong in the manifests", name)
	}
	return fmt.Errorf("InferenceService %s isn't known; sluice get services lists those that are", name)
}

// concerns says whether a problem seems to be why a service of that name is missing: its object or its file bears the name,
// or a folder above it in the layout NAME/model.pkl or NAME/1/model.pkl.
func concerns(problem admin.Problem, name string) bool {
	_, object, _ := strings.Cut(problem.Object, "/")
	own := strings.TrimSuffix(filepath.Base(problem.File), filepath.Ext(problem.File))
	folder := filepath.Dir(problem.File)
	inFolder := own == "model" && (filepath.Base(folder) == name || filepath.Base(filepath.Dir(folder)) == name)
	return object == name || own == name || inFolder
}
