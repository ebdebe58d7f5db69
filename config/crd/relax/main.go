// Command relax finishes the CustomResourceDefinitions that controller-gen has written. A Go type that contains a whole container or pod requires
// what those require; KServe's kinds let some of it be left out, and a config may have Go templates where a schema asks for a name.
//
// Usage: relax DIR, the directory of the definitions, which are written anew.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: relax DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "relax:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := relaxFile(file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func relaxFile(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var definition map[string]any
	if err := yaml.Unmarshal(data, &definition); err != nil {
		return err
	}
	kind, _ := at(definition, "spec", "names", "kind").(string)
	versions, _ := at(definition, "spec", "versions").([]any)
	for _, version := range versions {
		spec := child(at(version, "schema", "openAPIV3Schema"), "spec")
		switch kind {
		case "InferenceService":
			relaxService(spec)
		case "LLMInferenceService":
			relaxPods(spec)
		case "LLMInferenceServiceConfig":
			relaxPods(spec)
			for _, path := range append(pods(), "router.route.http.spec", "router.scheduler.pool.spec") {
				allowTemplates(child(spec, path))
			}
		}
	}
	out, err := yaml.Marshal(definition)
	if err != nil {
		return err
	}
	return os.WriteFile(file, append([]byte("---\n"), out...), 0o600)
}

// relaxService lets the container of a model go without a name, since it always has the same, and a probe without a port. Nobody
// writes ephemeral containers into a manifest: they are added to pods that run.
func relaxService(spec schema) {
	components := []schema{child(spec, "predictor"), child(spec, "transformer"), child(spec, "explainer"), child(spec, "canary.items.predictor")}
	for _, component := range components {
		properties, _ := component["properties"].(map[string]any)
		delete(properties, "ephemeralContainers")
		for name := range properties {
			field := child(component, name)
			delete(field, "required")
			relaxProbes(field)
		}
		relaxProbes(child(component, "containers.items"))
	}
}

func relaxProbes(container schema) {
	for _, probe := range []string{"livenessProbe", "readinessProbe"} {
		delete(child(container, probe+".httpGet"), "required")
		delete(child(container, probe+".tcpSocket"), "required")
	}
}

// pods are the pods of a service for large language models, which are parts that others complete.
func pods() []string {
	return []string{"template", "worker", "prefill.template", "prefill.worker", "router.scheduler.template", "router.scheduler.tokenizer.template"}
}

func relaxPods(spec schema) {
	for _, path := range pods() {
		delete(child(spec, path), "required")
	}
}

// allowTemplates removes, from here on down, what a value of the form {{ .Name }} could not meet.
func allowTemplates(tree any) {
	switch node := tree.(type) {
	case schema:
		for _, rule := range []string{"pattern", "x-kubernetes-validations", "minLength", "minItems", "minProperties"} {
			// A property may have the name of a rule; then it is a schema.
			if _, property := node[rule].(schema); !property {
				delete(node, rule)
			}
		}
		for _, value := range node {
			allowTemplates(value)
		}
	case []any:
		for _, value := range node {
			allowTemplates(value)
		}
	}
}

// schema is a node of an OpenAPI schema.
type schema = map[string]any

// child gives the schema of a field, by the names on the way with dots between; "items" stands for a list's entries. It is empty where there is none.
func child(tree any, path string) schema {
	node, _ := tree.(schema)
	for _, name := range strings.Split(path, ".") {
		if name == "items" {
			node, _ = node["items"].(schema)
			continue
		}
		node, _ = at(node, "properties", name).(schema)
	}
	return node
}

func at(tree any, path ...string) any {
	for _, name := range path {
		node, _ := tree.(map[string]any)
		tree = node[name]
	}
	return tree
}
