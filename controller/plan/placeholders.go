package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fillPlaceholders executes the Go templates in a container's strings over the service's metadata, such as {{.Name}} and
// {{.Labels.stage}}. A label or annotation that isn't there gives an empty string.
func fillPlaceholders(c corev1.Container, meta metav1.ObjectMeta) (corev1.Container, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return c, fmt.Errorf("container %q: %w", c.Name, err)
	}
	if !strings.Contains(string(data), "{{") {
		return c, nil
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		return c, fmt.Errorf("container %q: %w", c.Name, err)
	}
	filled, err := fill(tree, meta)
	if err != nil {
		return c, fmt.Errorf("container %q: %w", c.Name, err)
	}
	data, err = json.Marshal(filled)
	if err != nil {
		return c, fmt.Errorf("container %q: %w", c.Name, err)
	}
	var out corev1.Container
	if err := json.Unmarshal(data, &out); err != nil {
		return c, fmt.Errorf("container %q after its placeholders were filled: %w", c.Name, err)
	}
	return out, nil
}

func fill(tree any, meta metav1.ObjectMeta) (any, error) {
	switch v := tree.(type) {
	case string:
		return fillString(v, meta)
	case []any:
		for i := range v {
			filled, err := fill(v[i], meta)
			if err != nil {
				return nil, err
			}
			v[i] = filled
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			filled, err := fill(v[key], meta)
			if err != nil {
				return nil, err
			}
			v[key] = filled
		}
	}
	return tree, nil
}

func fillString(text string, meta metav1.ObjectMeta) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := template.New("placeholder").Option("missingkey=zero").Parse(text)
	if err != nil {
		return "", fmt.Errorf("placeholder in %q: %w", text, err)
	}
	var b strings.Builder
	if err := t.Execute(&b, meta); err != nil {
		return "", fmt.Errorf("placeholder in %q: %w", text, err)
	}
	return b.String(), nil
}
