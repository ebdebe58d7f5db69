package standalone

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/manifest"
)

func policyText(name, target, rest string) string {
	return fmt.Sprintf("apiVersion: sluice.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: %s}\nspec:\n  targetRefs: [{group: serving.kserve.io, kind: InferenceService, name: %s}]\n  apiKeyAuth: {secretRefs: [{name: keys}]}\n%s", name, target, rest)
}

func parsed(path, text string) *fileReading {
	f := &fileReading{path: path}
	f.documents, f.problems = manifest.Parse(path, []byte(text))
	return f
}

// TestRefusedPolicyCloses follows a directory through mistakes: what is shown of each policy is its target and whether
// it is enforced or only closes.
func TestRefusedPolicyCloses(t *testing.T) {
	t.Parallel()
	good, typo := policyText("p", "iris", ""), policyText("p", "iris", "  jwtt: {}\n")
	noYAML := policyText("p", "iris", "  x: [\n")
	for name, c := range map[string]struct {
		before, now []*fileReading
		want        []string
	}{
		"a good policy is in force":                    {nil, []*fileReading{parsed("a.yaml", good)}, []string{"p closes=false iris"}},
		"a wrong one closes its target":                {nil, []*fileReading{parsed("a.yaml", typo)}, []string{"p closes=true iris"}},
		"a wrong one leaves the last good one":         {[]*fileReading{parsed("a.yaml", good)}, []*fileReading{parsed("a.yaml", typo)}, []string{"p closes=false iris"}},
		"one that is no YAML closes everything":        {nil, []*fileReading{parsed("a.yaml", noYAML)}, []string{"unreadable-a.yaml closes=true "}},
		"one that is no YAML leaves the last good one": {[]*fileReading{parsed("a.yaml", good)}, []*fileReading{parsed("a.yaml", noYAML)}, []string{"p closes=false iris"}},
		"one beside a good one closes":                 {nil, []*fileReading{parsed("a.yaml", good+"---\n"+policyText("p", "churn", ""))}, []string{"p closes=false iris", "p-again closes=true churn"}},
		"one in another file closes":                   {nil, []*fileReading{parsed("a.yaml", good), parsed("b.yaml", policyText("p", "churn", ""))}, []string{"p closes=false iris", "p-again closes=true churn"}},
		"a mended one is in force":                     {[]*fileReading{parsed("a.yaml", typo)}, []*fileReading{parsed("a.yaml", good)}, []string{"p closes=false iris"}},
		"a removed one is gone":                        {[]*fileReading{parsed("a.yaml", typo)}, []*fileReading{parsed("a.yaml", "")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newInventory()
			v.take(reading{files: c.before})
			v.take(reading{files: c.now})
			var got []string
			for _, document := range v.all() {
				key := keyOfObject(document.Object)
				policy := document.Object.(*sluicev1alpha1.AccessPolicy)
				var targets []string
				for _, ref := range policy.Spec.TargetRefs {
					targets = append(targets, string(ref.Name))
				}
				if document.Refused != (len(policy.Spec.Validate()) > 0) || policy.Name != key.name {
					t.Errorf("%s: refused %v, and what stands in for it can be enforced", key, document.Refused)
				}
				got = append(got, fmt.Sprintf("%s closes=%v %s", key.name, document.Refused, strings.Join(targets, " ")))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
