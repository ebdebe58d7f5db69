package crd

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/controller/manifest"
)

// mutations is how many changed documents are made of each of KServe's.
const mutations = 8

// TestServerJudgesByOurDefinitions has the API server's own code judge KServe's published manifests by our definitions, which it takes first; the verdicts are
// those that it gives by KServe's. Of documents changed at random it refuses none that the decoder takes.
func TestServerJudgesByOurDefinitions(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("SLUICE_KSERVE_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "kserve")
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.csv"))
	if err != nil {
		t.Skipf("KServe's manifests are not at %s; set SLUICE_KSERVE_CORPUS to their folder to judge them", dir)
	}
	rows, err := csv.NewReader(bytes.NewReader(index)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	valid := map[string]bool{}
	mutated := map[string][]byte{}
	scratch := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	for i, row := range rows[1:] {
		path := filepath.Join(dir, row[0])
		valid[path] = row[3] == "valid"
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for n := range mutations {
			path := filepath.Join(scratch, fmt.Sprintf("%d-%d.json", i, n))
			mutated[path] = mutate(t, data, random)
			if err := os.WriteFile(path, mutated[path], 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	said := judge(t, slices.Concat(slices.Collect(maps.Keys(valid)), slices.Collect(maps.Keys(mutated))))
	for path, is := range valid {
		if wrong := said[path]; (wrong == "") != is {
			t.Errorf("%s: by KServe's definitions valid: %t; by ours: %q", path, is, wrong)
		}
	}
	refused := 0
	for path, text := range mutated {
		wrong := said[path]
		if wrong == "" {
			continue
		}
		refused++
		if documents, problems := manifest.Parse(path, text); len(problems) == 0 && len(documents) > 0 && !takenAllTheSame(wrong) {
			t.Errorf("the decoder takes what the server refuses: %s\n%.2000s", wrong, text)
		}
	}
	t.Logf("%d of %d changed documents are refused by the server", refused, len(mutated))
}

// takenAllTheSame says whether the decoder is meant to take what the server refuses.
func takenAllTheSame(wrong string) bool {
	for _, difference := range []string{
		// The rules of an HTTPRoute's spec are the Gateway API's own.
		"spec.router.route.http.spec",
		// An empty word stands for one that is left out.
		`Unsupported value: ""`, `Invalid value: "": `,
		// The first container of a component gets its name by default.
		"containers[0].name: Required value",
	} {
		if strings.Contains(wrong, difference) {
			return true
		}
	}
	return false
}

// judge builds the judge, which takes minutes the first time, and asks it about files.
func judge(t *testing.T, paths []string) map[string]string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "judge")
	build := exec.CommandContext(t.Context(), "go", "-C", "judge", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building config/crd/judge: %v\n%s", err, out)
	}
	command := exec.CommandContext(t.Context(), binary, ".")
	command.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	var faults bytes.Buffer
	command.Stderr = &faults
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, faults.String())
	}
	said := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		path, wrong, _ := strings.Cut(lines.Text(), "\t")
		said[path] = wrong
	}
	if len(said) != len(paths) {
		t.Fatalf("%d files were judged of %d", len(said), len(paths))
	}
	return said
}

// mutate changes one value of a document, in its spec.
func mutate(t *testing.T, data []byte, random *rand.Rand) []byte {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	var places []func()
	var walk func(value any, set func(any))
	walk = func(value any, set func(any)) {
		for _, other := range []any{"", "text", float64(-1), 0.5, true, nil, []any{}, map[string]any{}, []any{value, value}, float64(70000)} {
			places = append(places, func() { set(other) })
		}
		switch v := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				places = append(places, func() { delete(v, name) }, func() { v[name+"x"] = v[name] })
				walk(v[name], func(other any) { v[name] = other })
			}
		case []any:
			for i := range v {
				walk(v[i], func(other any) { v[i] = other })
			}
			if len(v) > 0 {
				places = append(places, func() { set(append(slices.Clone(v), v[0])) })
			}
		}
	}
	walk(tree["spec"], func(other any) { tree["spec"] = other })
	places[random.IntN(len(places))]()
	out, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
