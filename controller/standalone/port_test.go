package standalone

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestStateDirectoryOfAnEnvoy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "envoy", "bootstrap.json")
	command := exec.CommandContext(t.Context(), "sh", "-c", "echo ready; read line", "envoy", "--config-path", config)
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait() // it reads no line, which is no success
	})
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if got := stateDirOf(command.Process.Pid); got != "" {
		t.Errorf("another's Envoy is taken for that of %s", got)
	}
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "envoy", "envoy.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := stateDirOf(command.Process.Pid); got != dir {
		t.Errorf("%q, want %q", got, dir)
	}
}
