package standalone

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/explain"
	"github.com/sluice-serving/sluice/controller/plan"
)

func TestExplainObjectNamesTheManifestsFaults(t *testing.T) {
	t.Parallel()
	target := explain.Target{Kind: "InferenceService", Namespace: "default", Name: "iris"}
	served := admin.Service{Namespace: "default", Name: "iris", File: "iris.yaml", Line: 1, Conditions: []admin.Condition{{Type: "Ready"}}}
	for name, c := range map[string]struct {
		problem admin.Problem
		fault   bool
	}{
		"a fault of its own":           {admin.Problem{File: "iris.yaml", Line: 7, Object: "InferenceService default/iris", Field: "spec.x", Message: "is unknown"}, true},
		"a file that can't be parsed":  {admin.Problem{File: "iris.yaml", Line: 9, Message: "is no YAML"}, true},
		"another file's fault":         {admin.Problem{File: "other.yaml", Line: 9, Message: "is no YAML"}, false},
		"another object's, same file":  {admin.Problem{File: "iris.yaml", Line: 20, Object: "Secret default/key", Message: "is unknown"}, false},
		"another namespace's namesake": {admin.Problem{File: "x.yaml", Line: 1, Object: "InferenceService team/iris", Message: "is unknown"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := explain.NewReport(target, explainObject(&served, []admin.Problem{c.problem}, target))
			if report.OK == c.fault {
				t.Errorf("OK is %t: %s", report.OK, report.Headline)
			}
			if c.fault && !strings.Contains(report.Headline, c.problem.Message) {
				t.Errorf("headline %q does not name the fault", report.Headline)
			}
		})
	}
}

func TestExplainPlanLeavesToOtherLayersWhatIsTheirs(t *testing.T) {
	t.Parallel()
	running := []admin.Pod{{Name: "p", Ready: true, Containers: []admin.Container{{State: "Running"}}}}
	crashing := []admin.Pod{{Name: "p", Containers: []admin.Container{{State: "Waiting", Reason: "CrashLoopBackOff"}}}}
	condition := func(t v1beta1.ConditionType, reason string) v1beta1.Condition {
		return v1beta1.Condition{Type: t, Status: corev1.ConditionFalse, Reason: reason, Message: "do this"}
	}
	for name, c := range map[string]struct {
		facts layerFacts
		fault bool
	}{
		"no image can run":                      {layerFacts{conditions: []v1beta1.Condition{condition(v1beta1.ConditionPredictorReady, "ImageNotRunnable")}}, true},
		"a change that can't be planned":        {layerFacts{pods: running, conditions: []v1beta1.Condition{condition(v1beta1.ConditionPredictorReady, "StorageNotFound")}}, true},
		"a crash is the process layer's":        {layerFacts{pods: crashing, conditions: []v1beta1.Condition{condition(v1beta1.ConditionPredictorReady, "CrashLoopBackOff")}}, false},
		"a start is nobody's fault":             {layerFacts{conditions: []v1beta1.Condition{condition(v1beta1.ConditionPredictorReady, plan.ReasonStarting)}}, false},
		"a field without effect is no fault":    {layerFacts{pods: running, conditions: []v1beta1.Condition{condition(plan.ConditionSpecApplied, plan.ReasonNotApplied)}}, false},
		"Stopped is False while it is not done": {layerFacts{pods: running, conditions: []v1beta1.Condition{condition(v1beta1.ConditionStopped, "")}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := explain.NewReport(explain.Target{}, explainPlan(c.facts))
			if report.OK == c.fault {
				t.Errorf("OK is %t: %+v", report.OK, report.Findings)
			}
		})
	}
}

func TestExplainProcessPutsTheCauseFirst(t *testing.T) {
	t.Parallel()
	facts := layerFacts{logs: "sluice logs iris -n default", pods: []admin.Pod{{
		Name: "iris-1", Containers: []admin.Container{{Name: "kserve-container", State: "Waiting", Reason: "StartError", Message: "no such file: ./serve"}},
	}}}
	report := explain.NewReport(explain.Target{Kind: "InferenceService", Namespace: "default", Name: "iris"}, explainProcess(facts))
	for _, want := range []string{"StartError", "no such file: ./serve", facts.logs} {
		if !strings.Contains(report.Headline, want) {
			t.Errorf("headline %q lacks %q", report.Headline, want)
		}
	}
}
