package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

const irisModel = "../../runtime/onnx/testdata/iris.onnx"

// tail collects what a command logs and lets a test wait for it.
type tail struct {
	mu      sync.Mutex
	written bytes.Buffer
	changed chan struct{}
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.changed <- struct{}{}:
	default:
	}
	return l.written.Write(p)
}

// find waits until the log matches and gives the match's groups.
func (l *tail) find(t *testing.T, pattern string) []string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	deadline := time.After(20 * time.Second)
	for {
		l.mu.Lock()
		text := l.written.String()
		l.mu.Unlock()
		if match := expression.FindStringSubmatch(text); match != nil {
			return match
		}
		select {
		case <-l.changed:
		case <-deadline:
			t.Fatalf("no %s in the log:\n%s", pattern, text)
		}
	}
}

func TestServeAnswersUntilItIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	log := &tail{changed: make(chan struct{}, 1)}
	cmd := newServeCommand()
	cmd.SetErr(log)
	// KServe's spelling of flags works as well.
	cmd.SetArgs([]string{"--model_dir", irisModel, "--model_name", "flowers", "--address", "127.0.0.1", "--http-port", "0", "--grpc-port", "0", "--log-format", "json"})
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	address := log.find(t, `"msg":"model ready".*"http":"([^"]+)"`)[1]
	resp, err := http.Post("http://"+address+"/v1/models/flowers:predict", "application/json", strings.NewReader(`{"instances":[[5.1,3.5,1.4,0.2]]}`))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(resp.Body)
	if closing := resp.Body.Close(); err != nil || closing != nil || string(answer) != `{"predictions":[0]}` {
		t.Errorf("%s %v %v", answer, err, closing)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Models over rows need no library, and whose answers they give is a flag's to say. MLServer's settings name the model.
func TestServeReadsEveryFormat(t *testing.T) {
	t.Parallel()
	const models, kserve, mlserver = "../../runtime/tabular/testdata/servers/models/", `"name":"output-0"`, `"name":"predict"`
	described := t.TempDir()
	if err := os.WriteFile(filepath.Join(described, "model-settings.json"), []byte(`{"name":"described","implementation":"mlserver_sklearn.SKLearnModel","parameters":{"uri":"m.bin"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(models + "svc/model.joblib")
	if err == nil {
		err = os.WriteFile(filepath.Join(described, "m.bin"), content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		path, model, want string
		flags             []string
	}{
		"scikit-learn":       {models + "svc/model.joblib", "model", kserve, nil},
		"XGBoost's JSON":     {models + "xgbclassifier", "xgbclassifier", `"datatype":"INT64","shape":[1,1]`, []string{"--answers", "mlserver"}},
		"XGBoost's UBJSON":   {models + "xgbregressor/model.ubj", "model", `"datatype":"FP32","shape":[1]`, nil},
		"LightGBM":           {models + "lgbclasses", "lgbclasses", `"shape":[1,3]`, []string{"--threads", "1", "--batch-size", "0"}},
		"MLServer's answers": {models + "svc", "svc", mlserver, []string{"--answers=mlserver"}},
		"probabilities":      {models + "named", "named", `"shape":[1,3]`, []string{"--predict-proba"}},
		"MLServer's folder":  {described, "described", kserve, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			log := &tail{changed: make(chan struct{}, 1)}
			cmd := newServeCommand()
			cmd.SetErr(log)
			cmd.SetArgs(append([]string{test.path, "--onnxruntime", "/nowhere.so", "--address", "127.0.0.1", "--http-port", "0", "--grpc-port", "0", "--log-format", "json"}, test.flags...))
			ended := make(chan error, 1)
			go func() { ended <- cmd.ExecuteContext(ctx) }()
			address := log.find(t, `"msg":"model ready".*"http":"([^"]+)"`)[1]
			resp, err := http.Post("http://"+address+"/v2/models/"+test.model+"/infer", "application/json", strings.NewReader(`{"inputs":[{"name":"input-0","datatype":"FP32","shape":[1,4],"data":[5.1,3.5,1.4,0.2]}]}`))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(resp.Body)
			if closing := resp.Body.Close(); err != nil || closing != nil || !strings.Contains(string(answer), test.want) {
				t.Errorf("%s %v %v", answer, err, closing)
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestServeRefusesWhatItCanNotDo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		want string
		code int
	}{
		{nil, "which model?", exitUsage},
		{[]string{"a.onnx", "--model-dir", "b.onnx"}, "the model is given twice", exitUsage},
		{[]string{"a.onnx", "--model-name", "a/b"}, "may hold no /", exitUsage},
		{[]string{"a.onnx", "--threads", "-1"}, "--threads can't be negative", exitUsage},
		{[]string{"nowhere.onnx"}, "no model can be read", exitWrong},
		{[]string{"serve.go"}, "it is of no format that is served: onnx is *.onnx, sklearn is *.joblib or *.pkl or *.pickle, xgboost is ", exitWrong},
		{[]string{"a.joblib", "--batch-size", "-7"}, "--batch-size can't be negative", exitUsage},
		{[]string{irisModel, "--onnxruntime", "/nowhere.so"}, "iris.onnx can't be served: onnxruntime, which ONNX models need, is not on this machine (looked at /nowhere.so): run `make deps`", exitWrong},
	}
	for _, test := range tests {
		cmd := newServeCommand()
		cmd.SetArgs(append([]string{}, test.args...)) // nil would stand for the arguments of this test
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		err := cmd.ExecuteContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), test.want) || exitCode(err) != test.code {
			t.Errorf("%v: got %v (exit %d), want %s (exit %d)", test.args, err, exitCode(err), test.want, test.code)
		}
	}
}

func TestServedModelsAreNamedAfterTheirFile(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/m/iris.onnx": "iris", "/m/My Model (v2).ONNX": "My-Model-v2", "/m/iris.joblib": "iris", "/m/iris.ubj": "iris", "/m/a.b.txt": "a.b", "/m/iris/": "iris", ".": filepath.Base(here), "/m/v1.2": "v1.2"} {
		if got := nameOf(path); got != want {
			t.Errorf("%s is named %q, want %q", path, got, want)
		}
	}
}

func TestPortsComeFromTheEnvironmentUnlessGiven(t *testing.T) {
	t.Parallel()
	env := map[string]string{"PORT": "1", "GRPC_PORT": "2", "SLUICE_LISTEN_ADDRESS": "127.0.0.9"}
	var none, given serveOptions
	for _, test := range []struct {
		into *serveOptions
		args []string
		want [2]uint16
	}{
		{&none, nil, [2]uint16{1, 2}},
		{&given, []string{"--http-port=3", "--grpc_port=4"}, [2]uint16{3, 4}},
	} {
		set := pflag.NewFlagSet("serve", pflag.ContinueOnError)
		test.into.addFlags(set, func(name string) string { return env[name] })
		if err := set.Parse(test.args); err != nil {
			t.Fatal(err)
		}
		if got := [2]uint16{test.into.httpPort, test.into.grpcPort}; got != test.want || test.into.address != "127.0.0.9" {
			t.Errorf("%v: ports %v at %s, want %v", test.args, got, test.into.address, test.want)
		}
	}
}

// A model that can't be loaded is the one thing to say: nothing was ever in flight.
func TestServeOfABrokenModelSaysNothingOfStopping(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "bad.onnx")
	if err := os.WriteFile(broken, []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &tail{changed: make(chan struct{}, 1)}
	cmd := newServeCommand()
	cmd.SetErr(log)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs([]string{broken, "--address", "127.0.0.1", "--http-port", "0", "--grpc-port", "0", "--log-format", "json"})
	if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "bad.onnx") {
		t.Errorf("got %v", err)
	}
	if text := log.written.String(); strings.Contains(text, "stopping") {
		t.Errorf("log:\n%s", text)
	}
}
