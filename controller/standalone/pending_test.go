package standalone

import (
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/explain"
)

func TestKindsThatNothingServesYetAreShown(t *testing.T) {
	t.Parallel()
	const graph = "apiVersion: serving.kserve.io/v1alpha1\nkind: InferenceGraph\nmetadata: {name: both}\nspec: {nodes: {root: {routerType: Sequence, steps: [{serviceName: iris}]}}}\n"
	r := startRig(t, map[string]string{"graph.yaml": graph})
	shown := func() string {
		var lines []string
		for _, p := range r.driver.Problems() {
			lines = append(lines, p.Object+": "+p.Message+"; "+p.Remedy)
		}
		return strings.Join(lines, "\n")
	}
	r.until("the graph is not served", r.driver.Changed, func() bool {
		return strings.Contains(shown(), "InferenceGraph default/both: Ready is False: NotServedYet")
	})
	if report := r.driver.Explain(t.Context(), "default", "both"); report.OK || !strings.Contains(report.Headline, "NotServedYet") {
		t.Errorf("explained as %q", report.Headline)
	}
	if report := r.driver.Explain(t.Context(), "default", "other"); len(report.Findings) > 0 {
		t.Errorf("explained as %+v", report)
	}
	r.write("graph.yaml", strings.Replace(graph, "Sequence", "Sequnce", 1))
	r.until("the graph is wrong", r.driver.Changed, func() bool { return strings.Contains(shown(), "did you mean Sequence?") })
	r.write("graph.yaml", "")
	r.until("the graph is gone", r.driver.Changed, func() bool { return shown() == "" })
}

func TestExplainPendingIsOfTheNameAlone(t *testing.T) {
	t.Parallel()
	target := explain.Target{Kind: "InferenceService", Namespace: "default", Name: "a"}
	if findings := explainPending(nil, target); len(findings) > 0 {
		t.Error(findings)
	}
}
