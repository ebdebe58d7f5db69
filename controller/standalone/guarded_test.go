package standalone

import (
	"slices"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/explain"
	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/server"
)

// TestClosedServiceSaysSo follows a service whose policy names a Secret that comes and goes.
func TestClosedServiceSaysSo(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	r.serving()
	r.write("policy.yaml", policyText("p", "iris", ""))
	r.until("the service is closed", r.driver.Changed, func() bool { return r.service().Reason == reasonClosed })
	if s := r.service(); s.Ready || !strings.Contains(s.Message, "AccessPolicy default/p") || !strings.Contains(s.Message, "Secret default/keys does not exist") {
		t.Errorf("shown as %t: %s", s.Ready, s.Message)
	}
	report := r.driver.Explain(t.Context(), "default", "iris")
	at := slices.IndexFunc(report.Findings, func(f explain.Finding) bool { return f.Layer == explain.Access })
	if report.OK || at < 0 || report.Findings[at].OK || !strings.Contains(report.Findings[at].Detail, "Secret default/keys does not exist") {
		t.Errorf("%+v", report)
	}
	if !strings.Contains(unready(r.driver), "nobody is let in") {
		t.Errorf("unready: %s", unready(r.driver))
	}
	r.write("keys.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {alice: a-key}\n")
	r.until("the service is open to callers with a key", r.driver.Changed, func() bool { return r.service().Ready })
	if report := r.driver.Explain(t.Context(), "default", "iris"); !slices.ContainsFunc(report.Findings, func(f explain.Finding) bool {
		return f.Layer == explain.Access && f.OK
	}) {
		t.Errorf("%+v", report)
	}
}

// TestRefusedListenerIsAProblemWithoutAFile has Envoy refuse the listener that no manifest has.
func TestRefusedListenerIsAProblemWithoutAFile(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	r.serving()
	r.envoys.refuse(server.Rejection{TypeURL: envoy.ListenerType, Name: "0.0.0.0:8080", Reason: "unable to open file"})
	r.until("the refusal is a problem", r.driver.Changed, func() bool {
		problems := r.driver.Problems()
		return len(problems) == 1 && problems[0].File == "" && strings.Contains(problems[0].Message, "unable to open file") && strings.Contains(problems[0].Remedy, "--access-log")
	})
	if got := unready(r.driver); !strings.Contains(got, "listener 0.0.0.0:8080: refused by Envoy") {
		t.Errorf("unready: %s", got)
	}
}

func unready(d *Driver) string {
	var lines []string
	for _, reason := range d.Unready() {
		lines = append(lines, reason.Subject+": "+reason.Reason)
	}
	return strings.Join(lines, "\n")
}
