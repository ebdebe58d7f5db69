package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/admin/admintest"
	"github.com/sluice-serving/sluice/controller/explain"
)

// running is a sluice with a healthy service, a canary on its way, a broken service and a broken manifest.
func running(logFile string) admintest.Snapshot {
	iris := admin.Service{
		Namespace: "default", Name: "iris", File: "iris.yaml", Line: 1, Ready: true,
		Spec: admin.SpecSummary{ModelFormat: "onnx", Runtime: "sluice-runtime", StorageURI: "file:///models/iris", MinReplicas: 1},
		URLs: []admin.URL{{Kind: admin.HostURL, URL: "http://iris-default.localhost:8080", Dial: "127.0.0.1:8080"}},
		Revisions: []admin.Revision{{Name: "iris-predictor-00001", Component: "predictor", TrafficPercent: 100, WantedPercent: 100,
			Ready: true, Replicas: 1, ReadyReplicas: 1}},
		Pods: []admin.Pod{{Name: "iris-predictor-abc12", Namespace: "default", Deployment: "iris-predictor", Ready: true,
			Address: "127.0.0.1", Ports: []admin.Port{{ContainerPort: 9000, Port: 41235}, {ContainerPort: 8080, Port: 41234}},
			Containers: []admin.Container{{Name: "kserve-container", PID: 4711, State: "Running", LogFile: logFile}}}},
		Conditions: []admin.Condition{{Type: "Ready", Status: "True"}},
	}
	canary := admin.Service{
		Namespace: "team", Name: "digits", Ready: true, Spec: admin.SpecSummary{ModelFormat: "onnx"},
		URLs: []admin.URL{{Kind: admin.HostURL, URL: "http://digits-team.localhost:8080", Dial: "127.0.0.1:8080"}},
		Revisions: []admin.Revision{
			{Name: "digits-predictor-00001", Component: "predictor", TrafficPercent: 100, WantedPercent: 90, Ready: true, Replicas: 2, ReadyReplicas: 2},
			{Name: "digits-predictor-00002", Component: "predictor", TrafficPercent: 0, WantedPercent: 10, Reason: "ContainersNotReady", Replicas: 1},
		},
	}
	broken := admin.Service{
		Namespace: "team", Name: "words", Reason: "CrashLoopBackOff", Message: "container exited with code 1", Spec: admin.SpecSummary{Runtime: "custom"},
		Revisions: []admin.Revision{{Name: "words-predictor-00001", Component: "predictor", WantedPercent: 100, Replicas: 1}},
		Pods: []admin.Pod{{Name: "words-predictor-xyz89", Namespace: "team", Deployment: "words-predictor",
			Containers: []admin.Container{{Name: "kserve-container", State: "Waiting", Reason: "CrashLoopBackOff", Restarts: 4}}}},
	}
	return admintest.Snapshot{
		ServiceList: []admin.Service{iris, canary, broken},
		ProblemList: []admin.Problem{{File: "bad.yaml", Line: 7, Object: "InferenceService default/bad", Field: "spec.predictor.modle",
			Message: "unknown field", Remedy: `write "model"`}},
		Reports: map[string]explain.Report{
			"default/iris": explain.NewReport(target("default", "iris"), []explain.Finding{
				{Layer: explain.Object, OK: true, Summary: "iris.yaml:1 is valid"},
				{Layer: explain.Model, OK: true, Summary: "the model is ready"},
			}),
			"team/words": explain.NewReport(target("team", "words"), []explain.Finding{
				{Layer: explain.Object, OK: true, Summary: "words.yaml:1 is valid"},
				{Layer: explain.Process, Summary: "container kserve-container exited with code 1, 4 times",
					Detail: "Traceback:\n  ModuleNotFoundError: \x1b[31mflask\n", Remedy: "see its output: sluice logs words -n team"},
				{Layer: explain.Endpoint, Summary: "no endpoint is ready", Remedy: "wait for a ready replica"},
			}),
			"default/bad": explain.NewReport(target("default", "bad"), []explain.Finding{
				{Layer: explain.Object, Summary: "bad.yaml:7: spec.predictor.modle: unknown field", Remedy: `write "model"`},
			}),
		},
		XDSState: admin.XDS{
			Clients: []admin.XDSClient{{ID: "envoy"}},
			Resources: []admin.XDSResource{
				{TypeURL: "type.googleapis.com/envoy.config.cluster.v3.Cluster", Name: "default/iris-predictor/80", Version: "0a1b",
					Object: "Service default/iris-predictor", Acknowledged: []string{"envoy"}, Body: json.RawMessage(`{"name":"default/iris-predictor/80"}`)},
				{TypeURL: "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration", Name: "http/x", Version: "2c3d",
					Object: "HTTPRoute team/x", Rejected: []admin.XDSRejection{{Client: "envoy", Reason: "invalid regex"}}},
				{TypeURL: "type.googleapis.com/envoy.config.listener.v3.Listener", Name: "http", Version: "4e5f"},
			},
		},
	}
}

func target(namespace, name string) explain.Target {
	return explain.Target{Kind: "InferenceService", Namespace: namespace, Name: name}
}

func TestAskingARunningSluice(t *testing.T) {
	t.Parallel()
	environment := adminOf(t, running("/var/log/iris.log"))
	for name, arguments := range map[string][]string{
		"get":                   {"get"},
		"get-services-json":     {"get", "services", "-n", "default", "-o", "json"},
		"get-service":           {"get", "svc", "iris"},
		"get-service-not-ready": {"get", "services", "words", "-o", "yaml"},
		"get-service-qualified": {"get", "services", "team/digits"},
		"get-service-unknown":   {"get", "services", "irs"},
		"get-service-elsewhere": {"get", "services", "iris", "-n", "team"},
		"get-none":              {"get", "-n", "nowhere"},
		"get-none-json":         {"get", "-n", "nowhere", "-o", "json"},
		"get-pods":              {"get", "pods"},
		"get-pods-yaml":         {"get", "pods", "words", "-o", "yaml"},
		"get-problems":          {"get", "problems"},
		"get-mistyped":          {"get", "problms"},
		"get-format":            {"get", "-o", "xml"},
		"explain":               {"explain", "iris"},
		"explain-wrong":         {"explain", "words"},
		"explain-broken":        {"explain", "bad"},
		"explain-unknown":       {"explain", "nothing"},
		"explain-json":          {"explain", "words", "-n", "team", "-o", "json"},
		"xds-dump":              {"xds", "dump"},
		"xds-dump-full":         {"xds", "dump", "--full", "-o", "yaml"},
		"xds-dump-full-table":   {"xds", "dump", "--full"},
		"logs-unknown":          {"logs", "nope"},
		"logs-none":             {"logs", "digits"},
		"logs-tail":             {"logs", "iris", "--tail", "-7"},
		"command-mistyped":      {"explian", "iris"},
		"command-unknown":       {"frobnicate"},
		"argument-missing":      {"explain"},
		"complete-names":        {"__complete", "explain", ""},
		"complete-namespaces":   {"__complete", "logs", "-n", ""},
		"complete-kinds":        {"__complete", "get", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, arguments, sluice(t.Context(), strings.NewReader(""), environment, arguments...))
		})
	}
}

func TestLogsArePrintedWithTheirReplica(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("loading\nready\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := sluice(t.Context(), nil, adminOf(t, running(path)), "logs", "iris", "--tail", "1")
	if want := (result{out: "[iris-predictor-abc12] ready\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNothingAtTheAdminPortIsExitCodeThree(t *testing.T) {
	t.Parallel()
	// Port 1 of loopback is a port that nothing listens on.
	environment := map[string]string{"SLUICE_ADMIN": "127.0.0.1:1"}
	for _, arguments := range [][]string{{"get"}, {"explain", "x"}, {"logs", "x"}, {"xds", "dump"}, {"get", "-w"}} {
		got := sluice(t.Context(), nil, environment, arguments...)
		if got.code != exitUnreachable || !strings.Contains(got.err, "sluice run") || strings.Count(got.err, "\n") != 1 {
			t.Errorf("sluice %v: code %d, error %q; want code 3 and one line with the remedy", arguments, got.code, got.err)
		}
	}
	if got := sluice(t.Context(), nil, nil, "get", "--admin", "nonsense"); got.code != exitUsage {
		t.Errorf("a bad --admin gave code %d: %s", got.code, got.err)
	}
}

func TestANameInSeveralNamespacesMustBeQualified(t *testing.T) {
	t.Parallel()
	source := admintest.Snapshot{ServiceList: []admin.Service{
		{Namespace: "a", Name: "m", Ready: true}, {Namespace: "b", Name: "m", Ready: true},
		{Namespace: "a", Name: "d"}, {Namespace: "default", Name: "d", Ready: true},
	}}
	environment := adminOf(t, source)
	got := sluice(t.Context(), nil, environment, "get", "services", "m")
	if got.code != exitUsage || !strings.Contains(got.err, "namespaces a, b; choose one with -n") {
		t.Errorf("got %+v", got)
	}
	if got := sluice(t.Context(), nil, environment, "get", "services", "d"); got.code != exitOK {
		t.Errorf("the default namespace was not preferred: %+v", got)
	}
}
