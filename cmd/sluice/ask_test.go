package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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
		PolicyList: []admin.Policy{
			{Kind: "AccessPolicy", Namespace: "default", Name: "mine", File: "own.yaml", Line: 9, Targets: []admin.PolicyTarget{
				{Target: "HTTPRoute default/own", Reason: "Invalid", Message: "nobody is let in: Secret default/keys does not exist"},
				{Target: "Gateway default/edge", Accepted: true},
			}},
			{Kind: "InferenceService", Namespace: "team", Name: "digits", Targets: []admin.PolicyTarget{{Target: "InferenceService team/digits", Accepted: true}}},
		},
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
		"get-pods-wide":         {"get", "pods", "-o", "wide"},
		"get-pods-yaml":         {"get", "pods", "words", "-o", "yaml"},
		"get-problems":          {"get", "problems"},
		"get-policies":          {"get", "policies"},
		"get-policies-json":     {"get", "policies", "-n", "team", "-o", "json"},
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
	for _, arguments := range [][]string{{"get"}, {"explain", "x"}, {"logs", "x"}, {"xds", "dump"}, {"get", "-w"}, {"top"}} {
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
	body := `{"instances": [[1]]}`
	for _, arguments := range [][]string{{"get", "services", "m"}, {"get", "pods", "m"}, {"explain", "m"}, {"logs", "m"}, {"predict", "m", "-f", "-"}} {
		got := sluice(t.Context(), strings.NewReader(body), environment, arguments...)
		if got.code != exitUsage || !strings.Contains(got.err, "namespaces a, b; choose one with -n") {
			t.Errorf("sluice %v: got %+v", arguments, got)
		}
	}
	// The namespace default is one like the others: its service must not answer for another's.
	if got := sluice(t.Context(), nil, environment, "explain", "d"); got.code != exitUsage || !strings.Contains(got.err, "namespaces a, default; choose one with -n") {
		t.Errorf("got %+v", got)
	}
	if got := sluice(t.Context(), nil, environment, "get", "services", "d", "-n", "default"); got.code != exitOK {
		t.Errorf("with -n: got %+v", got)
	}
}

func TestAServiceWhoseManifestIsBrokenIsNotJustUnknown(t *testing.T) {
	t.Parallel()
	environment := adminOf(t, admintest.Snapshot{ProblemList: []admin.Problem{
		{File: "dir/syntax.yaml", Line: 3, Message: "not YAML", Remedy: "mend it"},
		{File: "dir/jobs.yaml", Line: 1, Object: "Job default/train", Field: "kind", Message: "not a kind that is served", Remedy: "remove it"},
		{File: "dir/forest.pkl", Message: "format sklearn is not served", Remedy: "convert it"},
		{File: "dir/trees/2/model.bst", Message: "format xgboost is not served", Remedy: "convert it too"},
	}})
	for name, want := range map[string]string{
		"syntax": "dir/syntax.yaml:3: not YAML; mend it (sluice get problems",
		"train":  "dir/jobs.yaml:1: Job default/train: kind: not a kind that is served; remove it (sluice get problems",
		"forest": "dir/forest.pkl: format sklearn is not served; convert it (sluice get problems",
		"trees":  "dir/trees/2/model.bst: format xgboost is not served; convert it too (sluice get problems",
		"other":  "isn't known; sluice get services lists those that are, sluice get problems what is wrong",
	} {
		for _, command := range [][]string{{"explain", name}, {"get", "services", name}, {"explain", name, "-n", "default"}, {"logs", name}} {
			got := sluice(t.Context(), nil, environment, command...)
			if got.code != exitWrong || !strings.Contains(got.err, want) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("sluice %v: code %d, error %q; want %q in it", command, got.code, got.err, want)
			}
		}
	}
}

func TestAFlagsBadValueIsSaidWithoutGo(t *testing.T) {
	t.Parallel()
	for want, arguments := range map[string][]string{
		`--http-port "99999" is not a port number from 0 to 65535`:                        {"run", ".", "--http-port", "99999"},
		`--tail "x" is not a whole number`:                                                {"logs", "iris", "--tail", "x"},
		`--timeout "5" is not a duration; write it as 500ms, 30s or 5m`:                   {"predict", "iris", "--timeout", "5"},
		`--output: "xml" is not an output format here; use one of table, json, yaml; see`: {"explain", "iris", "-o", "xml"},
		`--follow "maybe" is not true or false`:                                           {"logs", "iris", "--follow=maybe"},
	} {
		got := sluice(t.Context(), nil, nil, arguments...)
		if got.code != exitUsage || !strings.Contains(got.err, want) || strings.Contains(got.err, "strconv") || strings.Count(got.err, "\n") != 1 {
			t.Errorf("sluice %v: code %d, error %q; want %q in it", arguments, got.code, got.err, want)
		}
	}
}

func TestHelpNamesEachFlagsValueByOneWord(t *testing.T) {
	t.Parallel()
	var visit func(*cobra.Command)
	visit = func(command *cobra.Command) {
		command.Flags().VisitAll(func(flag *pflag.Flag) {
			// pflag takes a word between backquotes for the value's name.
			if name, _ := pflag.UnquoteUsage(flag); strings.Contains(name, " ") || strings.Contains(flag.Usage, "`") {
				t.Errorf("%s --%s: the value is named %q", command.CommandPath(), flag.Name, name)
			}
		})
		for _, child := range command.Commands() {
			visit(child)
		}
	}
	visit(newRootCommand(func(string) string { return "" }))
}

func TestVersionIsAFlagToo(t *testing.T) {
	t.Parallel()
	if got, want := sluice(t.Context(), nil, nil, "--version"), (result{out: "sluice unknown\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTheNewestRevisionIsMarkedWhereRequestsAreShared(t *testing.T) {
	t.Parallel()
	revision := func(name, component string, now, wanted int32) admin.Revision {
		return admin.Revision{Name: "m-" + component + "-" + name, Component: component, TrafficPercent: now, WantedPercent: wanted}
	}
	for want, revisions := range map[string][]admin.Revision{
		"00001 100%":                                  {revision("00001", "predictor", 100, 100)},
		"00002 10%, 00003 90% (new)":                  {revision("00002", "predictor", 10, 10), revision("00003", "predictor", 90, 90)},
		"00001 100% (of 0%), 00002 0% (of 100%, new)": {revision("00001", "predictor", 100, 0), revision("00002", "predictor", 0, 100)},
		"00001 0%, 00002 100%":                        {revision("00001", "predictor", 0, 0), revision("00002", "predictor", 100, 100)},
		"00001 100%, 00001 100%":                      {revision("00001", "predictor", 100, 100), revision("00001", "transformer", 100, 100)},
	} {
		if got := traffic(admin.Service{Name: "m", Revisions: revisions}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
