package translate

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/xds/ir"
)

var update = flag.Bool("update", false, "write testdata/*.out.yaml anew")

// goldenOutput is what a case's *.out.yaml holds: the model, and each condition as a line.
type goldenOutput struct {
	ir.Config `json:",inline"`
	Statuses  map[string][]string `json:"statuses,omitempty"`
}

// TestGolden translates each testdata/NAME.in.yaml and compares with NAME.out.yaml.
func TestGolden(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no inputs in testdata: %v", err)
	}
	expected := map[string]bool{}
	for _, input := range inputs {
		output := strings.TrimSuffix(input, ".in.yaml") + ".out.yaml"
		expected[output] = true
		t.Run(strings.TrimSuffix(filepath.Base(input), ".in.yaml"), func(t *testing.T) {
			t.Parallel()
			compareGolden(t, output, describe(Translate(readObjects(t, input))))
		})
	}
	outputs, _ := filepath.Glob("testdata/*.out.yaml")
	for _, output := range outputs {
		if expected[output] {
			continue
		}
		if !*update {
			t.Errorf("%s has no input: remove it, or run with -update", output)
		} else if err := os.Remove(output); err != nil {
			t.Error(err)
		}
	}
}

func compareGolden(t *testing.T, file string, got goldenOutput) {
	t.Helper()
	text, err := yaml.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run with -update", err)
	}
	if !bytes.Equal(text, want) {
		t.Errorf("%s (-want +got):\n%s", file, cmp.Diff(string(want), string(text)))
	}
}

func readObjects(t testing.TB, file string) Objects {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var in Objects
	if err := yaml.UnmarshalStrict(text, &in); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return in
}

// describe puts a result in the form of the golden files.
func describe(result Result) goldenOutput {
	out := goldenOutput{Config: result.Config, Statuses: map[string][]string{}}
	for name, status := range result.Gateways {
		out.Statuses["Gateway "+name.String()] = describeGateway(status)
	}
	for object, status := range result.Policies {
		lines := []string{}
		for _, a := range status.Ancestors {
			lines = append(lines, describeConditions(string(*a.AncestorRef.Kind)+" "+string(a.AncestorRef.Name), a.Conditions)...)
		}
		out.Statuses["policy of "+object.String()] = lines
	}
	for name, status := range result.HTTPRoutes {
		out.describeRoute(kindHTTPRoute, name, status.RouteStatus)
	}
	for name, status := range result.GRPCRoutes {
		out.describeRoute(kindGRPCRoute, name, status.RouteStatus)
	}
	return out
}

func (o *goldenOutput) describeRoute(kind string, name types.NamespacedName, status gatewayv1.RouteStatus) {
	lines := []string{}
	for _, parent := range status.Parents {
		at := string(parent.ParentRef.Name)
		if parent.ParentRef.SectionName != nil {
			at += "/" + string(*parent.ParentRef.SectionName)
		}
		lines = append(lines, describeConditions(at, parent.Conditions)...)
	}
	o.Statuses[kind+" "+name.String()] = lines
}

func describeGateway(status gatewayv1.GatewayStatus) []string {
	lines := describeConditions("", status.Conditions)
	for _, address := range status.Addresses {
		lines = append(lines, fmt.Sprintf("address %s %s", *address.Type, address.Value))
	}
	for _, l := range status.Listeners {
		kinds := []string{}
		for _, k := range l.SupportedKinds {
			kinds = append(kinds, string(k.Kind))
		}
		lines = append(lines, fmt.Sprintf("%s: %d attached, kinds [%s]", l.Name, l.AttachedRoutes, strings.Join(kinds, " ")))
		lines = append(lines, describeConditions(string(l.Name), l.Conditions)...)
	}
	return lines
}

// describeConditions gives a line to what is not as it should be, and one to all the rest together.
func describeConditions(at string, all []metav1.Condition) []string {
	if at != "" {
		at += ": "
	}
	var fine, lines []string
	for _, c := range all {
		if c.Reason == c.Type || c.Reason == string(gatewayv1.ListenerReasonNoConflicts) {
			fine = append(fine, fmt.Sprintf("%s=%s", c.Type, c.Status))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s%s=%s %s: %s", at, c.Type, c.Status, c.Reason, c.Message))
	}
	if len(fine) > 0 {
		lines = append([]string{at + strings.Join(fine, " ")}, lines...)
	}
	return lines
}
