package envoy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

var update = flag.Bool("update", false, "write the golden files anew")

// printed is one resource as a golden file shows it.
type printed struct {
	Name    string          `json:"name"`
	Objects []string        `json:"objects,omitempty"`
	Body    json.RawMessage `json:"body"`
}

// TestGolden turns each testdata/NAME.in.yaml, an ir.Config, into NAME.out.yaml.
func TestGolden(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatal("no golden files", err)
	}
	expected := map[string]bool{}
	for _, input := range inputs {
		name := strings.TrimSuffix(filepath.Base(input), ".in.yaml")
		output := filepath.Join("testdata", name+".out.yaml")
		expected[output] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, output, render(t, input))
		})
	}
	outputs, err := filepath.Glob("testdata/*.out.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, output := range outputs {
		if !expected[output] {
			t.Errorf("%s has no input", output)
		}
	}
}

func render(t *testing.T, input string) []byte {
	t.Helper()
	data, err := os.ReadFile(input)
	if err != nil {
		t.Fatal(err)
	}
	var config ir.Config
	if err := yaml.UnmarshalStrict(data, &config); err != nil {
		t.Fatalf("%s: %v", input, err)
	}
	var out bytes.Buffer
	for _, r := range envoy.Resources(config, envoy.Options{
		AccessLog: "access.log", Limits: envoy.Limits{Body: 1 << 20, Requests: 100, BackendRequests: 50},
	}) {
		body, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if r.TypeURL == envoy.ClusterType && envoy.ListsEndpoints(r.Name) != bytes.Contains(body, []byte(`"EDS"`)) {
			t.Errorf("%s: it is told whether the endpoints of a cluster are a resource, and told wrong: %s", r.Name, body)
		}
		p := printed{Name: r.Name, Body: body}
		for _, o := range r.Objects {
			p.Objects = append(p.Objects, o.String())
		}
		document, err := yaml.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
		out.Write(document)
	}
	return out.Bytes()
}

func compare(t *testing.T, output string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(output, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), go test -update writes it anew:\n%s", output, diff)
	}
}
