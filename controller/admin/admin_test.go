package admin_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/admin/admintest"
	"github.com/sluice-serving/sluice/controller/explain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func snapshot() admintest.Snapshot {
	iris := explain.Target{Kind: "InferenceService", Namespace: "default", Name: "iris"}
	return admintest.Snapshot{
		ServiceList: []admin.Service{
			{Namespace: "default", Name: "iris", Ready: true},
			{Namespace: "team", Name: "digits", Reason: "CrashLoopBackOff"},
		},
		ProblemList: []admin.Problem{{File: "broken.yaml", Line: 7, Object: "InferenceService default/bad",
			Field: "spec.predictor.modle", Message: "unknown field", Remedy: `write "model"`}},
		PolicyList: []admin.Policy{{Kind: "AccessPolicy", Namespace: "default", Name: "mine", Targets: []admin.PolicyTarget{{
			Target: "HTTPRoute default/own", Reason: "Invalid", Message: "nobody is let in: Secret default/keys does not exist",
		}}}},
		Reports: map[string]explain.Report{
			"default/iris": explain.NewReport(iris, []explain.Finding{{Layer: explain.Object, OK: true, Summary: "valid"}}),
		},
		XDSState: admin.XDS{
			Clients: []admin.XDSClient{{ID: "envoy-1"}},
			Resources: []admin.XDSResource{{TypeURL: "type.googleapis.com/envoy.config.cluster.v3.Cluster", Name: "default/iris-predictor/80",
				Version: "ab12", Acknowledged: []string{"envoy-1"}, Body: json.RawMessage(`{"name":"x"}`)}},
		},
	}
}

func newServer(source admin.Source, address string) *admin.Server {
	return admin.New(admin.Options{Source: source, Loads: loads{}, Gatherer: metrics(), Logger: slog.New(slog.DiscardHandler), Address: address, Version: "1.2.3"})
}

// loads is a load that stays as it is.
type loads struct{}

func (loads) Load() admin.Load {
	return admin.Load{Revisions: []admin.RevisionLoad{
		{Namespace: "default", Service: "iris", Revision: "iris-00001", RequestsPerSecond: 12.5, InFlight: 3, Usage: &admin.Usage{Processes: 1, CPUSeconds: 0.25}},
		{Namespace: "team", Service: "digits", Revision: "digits-00001"},
	}}
}

func metrics() prometheus.Gatherer {
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sluice_test_value", Help: "A value."}, func() float64 { return 4 }))
	return registry
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	unready := snapshot()
	unready.UnreadyList = []admin.Unready{{Subject: "envoy", Reason: "it has not started"}}
	tests := []struct {
		name     string
		source   admin.Source
		method   string
		path     string
		status   int
		contains []string
		lacks    string
	}{
		{name: "health", path: "/healthz", status: 200, contains: []string{`"status": "ok"`}},
		{name: "ready", path: "/readyz", status: 200, contains: []string{`"ready": true`}},
		{name: "unready", source: unready, path: "/readyz", status: 503, contains: []string{`"ready": false`, "it has not started"}},
		{name: "metrics", path: "/metrics", status: 200, contains: []string{"sluice_test_value 4"}},
		{name: "index", path: "/api/v1", status: 200, contains: []string{`"version": "1.2.3"`, "/api/v1/xds"}},
		{name: "services", path: "/api/v1/services", status: 200, contains: []string{"iris", "digits"}},
		{name: "services of a namespace", path: "/api/v1/services?namespace=team", status: 200, contains: []string{"digits"}, lacks: "iris"},
		{name: "no services", path: "/api/v1/services?namespace=none", status: 200, contains: []string{`"items": []`}},
		{name: "service", path: "/api/v1/services/default/iris", status: 200, contains: []string{`"name": "iris"`}, lacks: "digits"},
		{name: "unknown service", path: "/api/v1/services/default/nope", status: 404, contains: []string{"default/nope isn't known"}},
		{name: "explain", path: "/api/v1/services/default/iris/explain", status: 200, contains: []string{`"headline"`, "nothing is wrong"}},
		{name: "explain unknown", path: "/api/v1/services/default/nope/explain", status: 200, contains: []string{`"ok": false`, "nothing is known of it"}},
		{name: "problems", path: "/api/v1/problems", status: 200, contains: []string{`"line": 7`, "spec.predictor.modle"}},
		{name: "policies", path: "/api/v1/policies", status: 200, contains: []string{`"target": "HTTPRoute default/own"`, `"accepted": false`}},
		{name: "load", path: "/api/v1/load", status: 200, contains: []string{`"requestsPerSecond": 12.5`, `"cpuSeconds": 0.25`, "digits-00001"}},
		{name: "load of a namespace", path: "/api/v1/load?namespace=team", status: 200, contains: []string{"digits-00001"}, lacks: "iris"},
		{name: "no load", path: "/api/v1/load?namespace=none", status: 200, contains: []string{`"revisions": []`}},
		{name: "xds", path: "/api/v1/xds", status: 200, contains: []string{"ab12", `"acknowledged"`}, lacks: `"body"`},
		{name: "xds in full", path: "/api/v1/xds?full=1", status: 200, contains: []string{`"body"`}},
		{name: "bad flag", path: "/api/v1/xds?full=maybe", status: 400, contains: []string{`full=\"maybe\" is not a boolean`}},
		{name: "unknown path", path: "/api/v2", status: 404, contains: []string{"nothing is at /api/v2"}},
		{name: "write", method: "POST", path: "/api/v1/services", status: 405, contains: []string{"only reads"}},
		{name: "bad tail", path: "/api/v1/services/default/iris/logs?tail=-3", status: 400, contains: []string{"tail="}},
		{name: "logs of nothing", path: "/api/v1/services/default/iris/logs", status: 404, contains: []string{"no process yet"}},
		{name: "follow what has ended", path: "/api/v1/services/default/iris/logs?previous&follow", status: 400, contains: []string{"exclude"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			source := test.source
			if source == nil {
				source = snapshot()
			}
			request := httptest.NewRequest(orGet(test.method), "http://localhost:9080"+test.path, nil)
			recorder := httptest.NewRecorder()
			newServer(source, "127.0.0.1:9080").Handler().ServeHTTP(recorder, request)
			body := recorder.Body.String()
			if recorder.Code != test.status {
				t.Errorf("status %d, want %d; body %s", recorder.Code, test.status, body)
			}
			for _, want := range test.contains {
				if !strings.Contains(body, want) {
					t.Errorf("body lacks %q:\n%s", want, body)
				}
			}
			if test.lacks != "" && strings.Contains(body, test.lacks) {
				t.Errorf("body has %q:\n%s", test.lacks, body)
			}
			if test.status >= 400 && test.status != 503 {
				var refusal admin.Error
				if err := json.Unmarshal(recorder.Body.Bytes(), &refusal); err != nil || refusal.Message == "" {
					t.Errorf("error body is not JSON with a message: %v\n%s", err, body)
				}
			}
		})
	}
}

func orGet(method string) string {
	if method == "" {
		return http.MethodGet
	}
	return method
}

func TestHostHeaderGuardsAgainstDNSRebinding(t *testing.T) {
	t.Parallel()
	tests := []struct {
		configured string
		host       string
		answered   bool
	}{
		{"127.0.0.1:9080", "127.0.0.1:9080", true},
		{"127.0.0.1:9080", "localhost:9080", true},
		{"127.0.0.1:9080", "LOCALHOST.:9080", true},
		{"127.0.0.1:9080", "[::1]:9080", true},
		{"127.0.0.1:9080", "[::ffff:127.0.0.1]:9080", true},
		{"127.0.0.1:9080", "127.9.9.9", true},
		{"127.0.0.1:9080", "evil.example:9080", false},
		{"127.0.0.1:9080", "localhost.evil.example", false},
		{"127.0.0.1:9080", "10.0.0.5:9080", false},
		{"10.0.0.5:9080", "10.0.0.5:9080", true},
		{"10.0.0.5:9080", "10.0.0.6:9080", false},
		{"0.0.0.0:9080", "10.0.0.6:9080", true},
		{"[::]:9080", "10.0.0.6:9080", true},
		{":9080", "10.0.0.6:9080", true},
		{":9080", "evil.example", false},
		{"0.0.0.0:9080", "evil.example", false},
		{"gpu-box.lan:9080", "gpu-box.lan:9080", true},
		{"gpu-box.lan:9080", "other.lan:9080", false},
		{"127.0.0.1:9080", "", false},
	}
	for _, test := range tests {
		request := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		request.Host = test.host
		recorder := httptest.NewRecorder()
		newServer(snapshot(), test.configured).Handler().ServeHTTP(recorder, request)
		if answered := recorder.Code == http.StatusOK; answered != test.answered {
			t.Errorf("listening on %s, Host %q: status %d, want answered %v", test.configured, test.host, recorder.Code, test.answered)
		}
	}
}

func TestServeStopsWithItsContextAndTheClientReadsIt(t *testing.T) {
	t.Parallel()
	client, stop := serve(t, snapshot())
	services, err := client.Services(t.Context(), "")
	if err != nil || len(services) != 2 {
		t.Errorf("services %v, error %v, want two", services, err)
	}
	dump, err := client.XDS(t.Context(), true)
	if err != nil || len(dump.Resources) != 1 || len(dump.Resources[0].Body) == 0 {
		t.Errorf("dump %+v, error %v, want one resource with a body", dump, err)
	}
	problems, err := client.Problems(t.Context())
	if err != nil || len(problems) != 1 {
		t.Errorf("problems %v, error %v, want one", problems, err)
	}
	load, err := client.Load(t.Context(), "team")
	if err != nil || len(load.Revisions) != 1 {
		t.Errorf("load %+v, error %v, want one revision", load, err)
	}
	report, err := client.Explain(t.Context(), "default", "iris")
	if err != nil || !report.OK {
		t.Errorf("report %+v, error %v, want OK", report, err)
	}
	policies, err := client.Policies(t.Context())
	if err != nil || len(policies) != 1 || policies[0].Targets[0].Reason != "Invalid" {
		t.Errorf("policies %+v, error %v, want one", policies, err)
	}
	_, err = client.Service(t.Context(), "default", "no/pe")
	wantStatus(t, err, http.StatusNotFound)
	stop()
	_, err = client.Services(t.Context(), "")
	wantUnreachable(t, err)
}

func TestClientTellsAnotherServerFromSluice(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"404": http.NotFound,
		"200": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(handler)
			defer server.Close()
			client, err := admin.NewClient(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			_, err = client.Services(t.Context(), "")
			wantUnreachable(t, err)
		})
	}
}

func TestClientRefusesAnAddressWithoutPort(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "localhost", "http://a/b:1", "127.0.0.1:", "a b:9"} {
		if _, err := admin.NewClient(address); err == nil {
			t.Errorf("address %q was accepted", address)
		}
	}
}

const patience = 10 * time.Second
