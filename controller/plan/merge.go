package plan

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// overlay lays over, as far as it says anything, upon base: a strategic merge, so that lists with a key merge by it.
func overlay[T any](base, over T) (T, error) {
	var out T
	original, err := json.Marshal(base)
	if err != nil {
		return out, fmt.Errorf("reading what is below: %w", err)
	}
	patch, err := sparse(over)
	if err != nil {
		return out, err
	}
	merged, err := strategicpatch.StrategicMergePatch(original, patch, out)
	if err != nil {
		return out, fmt.Errorf("merging: %w", err)
	}
	if err := json.Unmarshal(merged, &out); err != nil {
		return out, fmt.Errorf("reading what was merged: %w", err)
	}
	return out, nil
}

// sparse is a value's JSON without what says nothing: required fields that are empty would otherwise erase what is below.
func sparse(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("reading what is laid over: %w", err)
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		return nil, fmt.Errorf("reading what is laid over: %w", err)
	}
	prune(tree)
	return json.Marshal(tree)
}

func prune(tree map[string]any) {
	for key, value := range tree {
		if nested, ok := value.(map[string]any); ok {
			prune(nested)
			// An empty object may itself be the choice, such as a volume's emptyDir; these never are.
			if len(nested) == 0 && (key == "resources" || key == "modelFormat" || key == "metadata") {
				delete(tree, key)
			}
			continue
		}
		if value == nil || value == "" {
			delete(tree, key)
		}
	}
}

// mergeContainer lays a container over a runtime's: env by name, resources by key, args after the runtime's.
func mergeContainer(base, over corev1.Container) (corev1.Container, error) {
	args := slices.Concat(base.Args, over.Args)
	base.Args, over.Args = nil, nil
	merged, err := overlay(base, over)
	if err != nil {
		return merged, fmt.Errorf("container %q: %w", base.Name, err)
	}
	merged.Args = args
	return merged, nil
}

// mergeContainers lays containers over a runtime's by name; those that the runtime lacks follow.
func mergeContainers(base, over []corev1.Container) ([]corev1.Container, error) {
	out := slices.Clone(base)
	for _, c := range over {
		i := slices.IndexFunc(out, func(have corev1.Container) bool { return have.Name == c.Name })
		if i < 0 {
			out = append(out, c)
			continue
		}
		merged, err := mergeContainer(out[i], c)
		if err != nil {
			return nil, err
		}
		out[i] = merged
	}
	return out, nil
}

// mergeMaps lays maps over each other, the last on top. It is nil if all are empty.
func mergeMaps(maps ...map[string]string) map[string]string {
	var out map[string]string
	for _, m := range maps {
		for k, v := range m {
			if out == nil {
				out = map[string]string{}
			}
			out[k] = v
		}
	}
	return out
}
