package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/procfs"

	"github.com/sluice-serving/sluice/controller/admin"
)

// TestHotReload adds, changes and removes manifests: each takes effect, and no other service's process is
// touched.
func TestHotReload(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	s := start(t, dir)
	s.waitReady()
	client := s.client()
	untouched := func(name string) map[string]int { return pids(s.waitService(name, ready)) }
	digits, sentiment := untouched("digits"), untouched("sentiment")

	write(t, filepath.Join(dir, "flowers.yaml"), strings.ReplaceAll(read(t, dir, "iris.yaml"), "name: iris", "name: flowers"))
	s.waitService("flowers", ready)
	s.mustAsk(client, http.MethodPost, s.url("flowers", "/v2/models/flowers/infer"), read(t, dir, "iris-input-v2.json"))

	edit(t, filepath.Join(dir, "iris.yaml"), "models/iris/v1", "models/iris/v2")
	eventually(t, startTimeout, "the changed model", func() error {
		got, err := ask(client, http.MethodPost, s.url("iris", "/v2/models/iris/infer"), read(t, dir, "iris-input-v2.json"))
		if err == nil && !strings.Contains(got.body, markOfV2) {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})

	if err := os.Remove(filepath.Join(dir, "flowers.yaml")); err != nil {
		t.Fatal(err)
	}
	eventually(t, startTimeout, "the removed service's host", func() error {
		got, err := ask(client, http.MethodGet, s.url("flowers", "/v2/models/flowers"), "")
		if err == nil && got.status != http.StatusNotFound {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})
	for name, before := range map[string]map[string]int{"digits": digits, "sentiment": sentiment} {
		if now := untouched(name); fmt.Sprint(now) != fmt.Sprint(before) {
			t.Errorf("%s was restarted: %v, before %v", name, now, before)
		}
	}
}

// TestBrokenManifestKeepsTheLastGoodVersion breaks a manifest in several ways: each is reported with file,
// line and field, the service goes on with its last good version, and mending it clears the report.
func TestBrokenManifestKeepsTheLastGoodVersion(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	s := start(t, dir)
	s.waitReady()
	client := s.client()
	manifest := filepath.Join(dir, "iris.yaml")
	good := read(t, manifest)
	before := pids(s.waitService("iris", ready))

	for _, broken := range []struct{ name, content, field, says string }{
		{"unknown field", strings.Replace(good, "storageUri", "storageURI", 1), "spec.predictor.model.storageURI", "storageUri"},
		{"wrong type", strings.Replace(good, "  predictor:\n", "  predictor:\n    minReplicas: many\n", 1), "spec.predictor.minReplicas", ""},
		{"no YAML", "apiVersion: [", "", ""},
		{"unknown kind", strings.Replace(good, "kind: InferenceService", "kind: InferenceServise", 1), "kind", "InferenceServise"},
	} {
		write(t, manifest, broken.content)
		eventually(t, startTimeout, broken.name+" reported", func() error {
			problems, err := s.admin.Problems(t.Context())
			if err != nil {
				return err
			}
			for _, p := range problems {
				if p.File == manifest && p.Line > 0 && p.Field == broken.field && strings.Contains(p.Message+p.Remedy, broken.says) {
					return nil
				}
			}
			return fmt.Errorf("problems: %+v", problems)
		})
		s.mustAsk(client, http.MethodPost, s.url("iris", "/v2/models/iris/infer"), read(t, dir, "iris-input-v2.json"))
	}

	write(t, manifest, good)
	eventually(t, startTimeout, "the report cleared", func() error {
		problems, err := s.admin.Problems(t.Context())
		if err == nil && len(problems) > 0 {
			err = fmt.Errorf("problems: %+v", problems)
		}
		return err
	})
	if now := pids(s.waitService("iris", ready)); fmt.Sprint(now) != fmt.Sprint(before) {
		t.Errorf("iris was restarted: %v, before %v", now, before)
	}
}

// TestImageThatCanNotRunSaysSo serves a container that only names an image, on a machine without a container
// engine: its host answers 503 with the reason, and everything else serves.
func TestImageThatCanNotRunSaysSo(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	write(t, filepath.Join(dir, "image.yaml"), `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: imaged
spec:
  predictor:
    containers:
      - name: kserve-container
        image: registry.example/nobody/nothing:v1
`)
	s := start(t, dir)
	s.waitService("imaged", func(service admin.Service) error {
		if !strings.Contains(service.Reason+service.Message, "ImageNotRunnable") {
			return fmt.Errorf("%s: %s", service.Reason, service.Message)
		}
		return nil
	})
	client := s.client()
	eventually(t, startTimeout, "the reason in the answer", func() error {
		got, err := ask(client, http.MethodGet, s.url("imaged", "/"), "")
		if err == nil && (got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "ImageNotRunnable") || !strings.Contains(got.body, "registry.example/nobody/nothing:v1")) {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})
	s.waitService("iris", ready)
	s.mustAsk(client, http.MethodPost, s.url("iris", "/v2/models/iris/infer"), read(t, dir, "iris-input-v2.json"))
}

// TestBareModelFile serves a model file and nothing else.
func TestBareModelFile(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	model := filepath.Join(t.TempDir(), "Flower Model.onnx")
	copyFile(t, filepath.Join(dir, "models", "iris", "v1", "model.onnx"), model)
	s := start(t, model)
	s.waitService("flower-model", ready)
	s.mustAsk(s.client(), http.MethodPost, s.url("flower-model", "/v2/models/flower-model/infer"), read(t, dir, "iris-input-v2.json"))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestInterruptLeavesNothing ends sluice as Ctrl-C does: no process that it started is left, and its ports
// are free.
func TestInterruptLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	s := start(t, dir)
	s.waitReady()
	services, err := s.admin.Services(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s.stop()
	for _, service := range services {
		for name, pid := range pids(service) {
			if runs(pid) {
				t.Errorf("%s still runs with pid %d", name, pid)
			}
		}
	}
	if left := processesNaming(t, s.state); len(left) > 0 {
		t.Errorf("processes of %s are left: %v", s.state, left)
	}
	if _, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", s.port)); err == nil {
		t.Errorf("port %d still answers", s.port)
	}
}

// TestStopAfterTheReaderOfItsOutputIsGone ends a sluice whose every word meets a closed pipe, as behind `| head`.
func TestStopAfterTheReaderOfItsOutputIsGone(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	s := start(t, dir)
	s.waitReady()
	s.output.leave()
	// Each of these is a word that nobody hears; the first closes the pipe.
	for _, broken := range []string{"a", "b", "c"} {
		write(t, filepath.Join(dir, broken+".yaml"), "kind: Nothing\n")
		eventually(t, startTimeout, "the broken manifest is reported", func() error {
			problems, err := s.admin.Problems(t.Context())
			if err == nil && !slices.ContainsFunc(problems, func(p admin.Problem) bool { return strings.HasSuffix(p.File, broken+".yaml") }) {
				err = errors.New("it is not among the problems")
			}
			return s.alive(err)
		})
	}
	command, exited := s.command, s.exited
	s.command = nil
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	t.Logf("sluice ended: %v", <-exited) // an error of the pipe even in the best case
	if code := command.ProcessState.ExitCode(); code != 0 {
		t.Errorf("sluice ended with %v", command.ProcessState)
	}
	if left := processesNaming(t, s.state); len(left) > 0 {
		t.Errorf("processes of %s are left: %v", s.state, left)
	}
}

// processesNaming are the processes whose command line names a path.
func processesNaming(t *testing.T, path string) []string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range lines {
		// A process that ended meanwhile has no command line any more.
		data, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(data), path) {
			found = append(found, strings.ReplaceAll(string(data), "\x00", " "))
		}
	}
	return found
}

// TestSecondRunIsRefused starts a second sluice on the same state directory, and one on the same port.
func TestSecondRunIsRefused(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	s := start(t, dir)
	s.waitReady()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"same state directory": {[]string{"run", "--state-dir", s.state, dir}, fmt.Sprintf("pid %d", s.command.Process.Pid)},
		"same port":            {[]string{"run", "--state-dir", t.TempDir(), "--http-port", fmt.Sprint(s.port), dir}, "envoy"},
		"no such directory":    {[]string{"run", "--state-dir", t.TempDir(), filepath.Join(dir, "nowhere")}, "nowhere"},
	} {
		code, out := runCommand(t, path, c.args...)
		if code == 0 || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit %d, %s; want %q in it", name, code, out, c.says)
		}
	}
}

// TestMachineWithoutOnnxruntimeServesTheRest points sluice at a library that isn't there: the services that
// need it say so, with the remedy, and the others serve.
func TestMachineWithoutOnnxruntimeServesTheRest(t *testing.T) {
	t.Parallel()
	s := startIn(t, t.TempDir(), []string{"SLUICE_ONNXRUNTIME=/nowhere/libonnxruntime.so"}, quickstart(t))
	s.waitService("sentiment", ready)
	s.waitService("iris", func(service admin.Service) error {
		if !strings.Contains(service.Message, "/nowhere/libonnxruntime.so") || !strings.Contains(service.Message, "make deps") {
			return fmt.Errorf("%s: %s", service.Reason, service.Message)
		}
		return nil
	})
}

// runs says whether a process is there and no zombie: one whose parent was killed may stay in /proc until the
// machine's first process collects it.
func runs(pid int) bool {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return false
	}
	stat, err := process.Stat()
	return err == nil && stat.State != "Z" && stat.State != "X"
}

// envoy is the pid of this sluice's Envoy.
func (s *sluice) envoy(t *testing.T) int {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range lines {
		// A process that ended meanwhile has no command line any more.
		data, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(data), filepath.Join(s.state, "envoy", "bootstrap.json")) {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(file, "/")[2])
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	t.Fatal("no Envoy runs")
	return 0
}
