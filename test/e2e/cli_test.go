package e2e

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runCommand runs a sluice command to its end and gives its exit code and all that it printed.
func runCommand(t *testing.T, path string, args ...string) (code int, out string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), path, args...)
	data, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", args, err)
	}
	return command.ProcessState.ExitCode(), string(data)
}

// TestCommandsAskARunningSluice goes through the commands of the README against a running quickstart.
func TestCommandsAskARunningSluice(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	s := start(t, dir)
	s.waitReady()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	admin := "--admin=" + s.address
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"get", admin}, 0, "iris-default.localhost"},
		{[]string{"get", "services", admin, "-o", "json"}, 0, `"namespace": "default"`},
		{[]string{"get", "pods", admin}, 0, "kserve-container"},
		{[]string{"predict", "iris", admin, "-f", filepath.Join(dir, "iris-input.json")}, 0, "predictions"},
		{[]string{"predict", "iris", admin, "-f", filepath.Join(dir, "iris-input-v2.json")}, 0, "outputs"},
		{[]string{"explain", "iris", admin}, 0, "nothing is wrong"},
		{[]string{"explain", "irris", admin}, 1, "did you mean iris?"},
		{[]string{"logs", "iris", admin}, 0, "iris"},
		{[]string{"xds", "dump", admin}, 0, "ScopedRouteConfiguration"},
		{[]string{"validate", dir}, 0, ""},
		{[]string{"plan", "-f", dir}, 0, "kind: Deployment"},
		{[]string{"translate", "-f", dir, "--to", "ir"}, 0, "iris-default.localhost"},
		{[]string{"translate", "-f", dir, "--to", "envoy"}, 0, "ScopedRouteConfiguration"},
		{[]string{"init", filepath.Join(dir, "models", "iris", "v1", "model.onnx")}, 0, "kind: InferenceService"},
		{[]string{"get", "--admin=127.0.0.1:1"}, 3, "127.0.0.1:1"},
		{[]string{"gett"}, 2, "get"},
		{[]string{"version"}, 0, "sluice"},
	} {
		code, out := runCommand(t, path, c.args...)
		if code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("sluice %s: exit %d, want %d with %q in it:\n%s", strings.Join(c.args, " "), code, c.code, c.says, out)
		}
	}
}

// TestStopEndsARunningSluice ends sluice by its command.
func TestStopEndsARunningSluice(t *testing.T) {
	t.Parallel()
	s := start(t, quickstart(t))
	s.waitReady()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if code, out := runCommand(t, path, "stop", "--state-dir", s.state); code != 0 {
		t.Errorf("sluice stop: exit %d: %s", code, out)
	}
	if err := <-s.exited; err != nil {
		t.Errorf("sluice ended with %v", err)
	}
	s.command = nil
	if left := processesNaming(t, s.state); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
}
