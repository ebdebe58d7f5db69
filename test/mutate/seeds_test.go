package mutate

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

// seedDocument is a document before it is mutated.
type seedDocument struct {
	text []byte
	// tree is the same as JSON values; nil where it is not YAML.
	tree any
}

// setSize is how many documents of a corpus stand side by side.
const setSize = 6

var separator = regexp.MustCompile(`(?m)^---.*$`)

// seedSets gives sets of documents by name: the quickstart's, the access policies before it, each golden case's and, where it is there, KServe's corpus.
func seedSets(t *testing.T) map[string][]seedDocument {
	t.Helper()
	sets := map[string][]seedDocument{}
	for _, file := range files(t, "../../config/samples/quickstart/*.yaml") {
		sets["quickstart"] = append(sets["quickstart"], split(read(t, file))...)
	}
	for _, pattern := range []string{"quickstart/iris", "quickstart/digits", "access/*", "access-jwt/*"} {
		for _, file := range files(t, "../../config/samples/"+pattern+".yaml") {
			sets["access"] = append(sets["access"], split(read(t, file))...)
		}
	}
	for _, file := range files(t, "../../controller/manifest/testdata/*.in.*") {
		sets["manifest/"+filepath.Base(file)] = split(read(t, file))
	}
	for _, file := range files(t, "../../controller/translate/testdata/*.in.yaml") {
		sets["translate/"+filepath.Base(file)] = translateCase(t, file)
	}
	var planned []seedDocument
	for _, file := range files(t, "../../controller/plan/testdata/*.in.yaml") {
		planned = append(planned, planCase(t, file)...)
	}
	addChunks(sets, "plan", planned)
	addChunks(sets, "kserve", corpus(t))
	return sets
}

func addChunks(sets map[string][]seedDocument, name string, all []seedDocument) {
	// Of one name there is one object in a set; KServe's examples have few names.
	for i, document := range all {
		tree, isObject := document.tree.(map[string]any)
		metadata, has := tree["metadata"].(map[string]any)
		written, isText := metadata["name"].(string)
		if !isObject || !has || !isText {
			continue
		}
		metadata["name"] = written + "-" + string(rune('a'+i%setSize))
		if text, err := yaml.Marshal(tree); err == nil {
			all[i].text = text
		}
	}
	i := 0
	for chunk := range slices.Chunk(all, setSize) {
		sets[name+"/"+string(rune('a'+i/26))+string(rune('a'+i%26))] = chunk
		i++
	}
}

func corpus(t *testing.T) []seedDocument {
	t.Helper()
	dir := os.Getenv("SLUICE_KSERVE_CORPUS")
	if dir == "" {
		dir = "../../../shared/kserve"
	}
	var all []seedDocument
	found, err := filepath.Glob(filepath.Join(dir, "manifests", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		all = append(all, split(read(t, file))...)
	}
	// Kinds stand side by side.
	mixed := make([]seedDocument, 0, len(all))
	for start := range (len(all) + setSize - 1) / setSize {
		for i := start; i < len(all); i += (len(all) + setSize - 1) / setSize {
			mixed = append(mixed, all[i])
		}
	}
	return mixed
}

// translateKinds are the kinds of translation's golden inputs by their field.
var translateKinds = map[string]string{
	"gateways": "gateway.networking.k8s.io/v1 Gateway", "httpRoutes": "gateway.networking.k8s.io/v1 HTTPRoute",
	"grpcRoutes": "gateway.networking.k8s.io/v1 GRPCRoute", "referenceGrants": "gateway.networking.k8s.io/v1beta1 ReferenceGrant",
	"services": "v1 Service", "endpointSlices": "discovery.k8s.io/v1 EndpointSlice", "secrets": "v1 Secret",
	"directResponses": "sluice.dev/v1alpha1 DirectResponse", "accessPolicies": "sluice.dev/v1alpha1 AccessPolicy",
	"inferenceServices": "serving.kserve.io/v1beta1 InferenceService", "configMaps": "v1 ConfigMap",
}

func translateCase(t *testing.T, file string) []seedDocument {
	t.Helper()
	return fields(t, file, translateKinds)
}

func planCase(t *testing.T, file string) []seedDocument {
	t.Helper()
	return fields(t, file, map[string]string{
		"service": "serving.kserve.io/v1beta1 InferenceService", "runtimes": "serving.kserve.io/v1alpha1 ServingRuntime",
		"clusterRuntimes": "serving.kserve.io/v1alpha1 ClusterServingRuntime",
	})
}

// fields gives the documents that stand in the fields of a golden case.
func fields(t *testing.T, file string, kinds map[string]string) []seedDocument {
	t.Helper()
	var whole map[string]any
	if err := yaml.Unmarshal(read(t, file), &whole); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var out []seedDocument
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		version, kind, _ := bytes.Cut([]byte(kinds[name]), []byte(" "))
		items, isList := whole[name].([]any)
		if !isList && whole[name] != nil {
			items = []any{whole[name]}
		}
		for _, item := range items {
			tree, isObject := item.(map[string]any)
			if !isObject {
				continue
			}
			tree["apiVersion"], tree["kind"] = string(version), string(kind)
			text, err := yaml.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, seedDocument{text: text, tree: tree})
		}
	}
	return out
}

// split cuts a file into its documents.
func split(data []byte) []seedDocument {
	var out []seedDocument
	for _, text := range separator.Split(string(data), -1) {
		var tree any
		if yaml.Unmarshal([]byte(text), &tree) != nil {
			tree = nil
		} else if tree == nil {
			continue
		}
		out = append(out, seedDocument{text: []byte(text), tree: tree})
	}
	return out
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return found
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
