package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
)

// manifestOf gives an object as one would write it by hand: without the fields that Go writes though they are empty.
func manifestOf(object any) (map[string]any, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("writing an object as JSON: %w", err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("reading an object's own JSON: %w", err)
	}
	prune(fields)
	return fields, nil
}

// prune removes null fields and, at any depth, empty names and the objects of [emptyMeansAbsent].
func prune(fields map[string]any) {
	for name, value := range fields {
		switch value := value.(type) {
		case nil:
			delete(fields, name)
		case string:
			if value == "" && name == "name" {
				delete(fields, name)
			}
		case map[string]any:
			prune(value)
			if len(value) == 0 && emptyMeansAbsent(name) {
				delete(fields, name)
			}
		case []any:
			for _, element := range value {
				if inner, ok := element.(map[string]any); ok {
					prune(inner)
				}
			}
		}
	}
}

// emptyMeansAbsent lists the fields that Go writes as {} where there is nothing. Other empty objects mean something:
// emptyDir: {} is a kind of volume.
func emptyMeansAbsent(field string) bool {
	switch field {
	case "status", "loadBalancer", "strategy", "resources", "securityContext":
		return true
	}
	return false
}

// writeManifests writes objects as YAML documents.
func writeManifests[T any](w io.Writer, objects []T) error {
	manifests := make([]map[string]any, len(objects))
	for i, object := range objects {
		fields, err := manifestOf(object)
		if err != nil {
			return err
		}
		manifests[i] = fields
	}
	return print.Documents(w, manifests)
}
