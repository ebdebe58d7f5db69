package engine

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestLeftoversOfAKilledRunAreEnded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := &rig{T: t, news: make(chan struct{})}
	r.options = Options{Dir: dir, Changed: r.changed}
	killed := exec.Command(os.Args[0])
	killed.Env = append(os.Environ(), programVariable+"=host", "STATE="+dir)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	ours := markedPrefix(podVariable + "=" + dir + "#")
	deadline := time.Now().Add(patience)
	for len(running(ours)) < 5 || !anyLog(dir, "server", "listening on") || !anyLog(dir, "daemon", "listening on") {
		if time.Now().After(deadline) {
			t.Fatalf("%d processes run", len(running(ours)))
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait()
	if n := len(running(ours)); n != 5 {
		t.Fatalf("%d processes outlive the kill, want 5", n)
	}
	// The leader of the group that ignores SIGTERM dies before the next start; its child is found by its mark.
	for _, e := range entriesIn(t, dir) {
		if e.Pod != "" && strings.HasPrefix(e.Pod, "stubborn") {
			if err := syscall.Kill(e.PID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.start()
	defer r.stop()
	if left := running(ours); len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
	if got := entriesIn(t, dir); len(got) != 0 {
		t.Errorf("records stay: %+v", got)
	}
	if !anyLog(dir, "server", "told to end") {
		t.Error("the server was not asked to end, or its log was cut off with the killed run")
	}
}

func anyLog(dir, deployment, text string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "logs", "default", deployment, "*", "main.log"))
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && strings.Contains(string(data), text) {
			return true
		}
	}
	return false
}

func entriesIn(t *testing.T, dir string) []entry {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "processes", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var e entry
		if err := json.Unmarshal(data, &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// A record names this test's own child by pid, but with another start time or another boot: somebody else's process.
func TestReusedPidIsNotTouched(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*entry){
		"another start": func(e *entry) { e.Start++ },
		"another boot":  func(e *entry) { e.Boot = "earlier" },
	} {
		stranger := exec.Command("sleep", "3600")
		stranger.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := stranger.Start(); err != nil {
			t.Fatal(err)
		}
		stat, err := readStat(stranger.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		boot, err := bootID()
		if err != nil {
			t.Fatal(err)
		}
		e := entry{PID: stat.pid, Start: stat.start, Boot: boot, Namespace: "default", Pod: "p", Container: "c"}
		change(&e)
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		write(t, string(data), dir, "processes", strconv.Itoa(e.PID)+".json")
		write(t, "{not json", dir, "processes", "7.json")
		r := &rig{T: t, news: make(chan struct{})}
		r.options = Options{Dir: dir, Changed: r.changed}
		r.start()
		if now, err := readStat(e.PID); err != nil || now.gone() {
			t.Errorf("%s: the stranger was ended", name)
		}
		r.stop()
		if err := stranger.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = stranger.Wait()
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	line := "42 (a) b (c) S 1 40 39 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000 10 18446744073709551615"
	got, err := parseStat([]byte(line))
	if err != nil || got != (procStat{pid: 42, state: 'S', group: 40, start: 987654}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "42", "42 (x", "42 (x) S 1", strings.Replace(line, "987654", "x", 1), ")("} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("42 (a) S 1 40 39 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000"))
	f.Add([]byte(")("))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = parseStat(data) })
}
