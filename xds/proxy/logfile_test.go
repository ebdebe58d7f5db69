package proxy

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestLogIsFollowedAndBounded appends to a log as Envoy does, with its own descriptor, while it is followed and emptied.
func TestLogIsFollowedAndBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, err := newLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	put := func(text string) {
		if _, err := io.WriteString(log, text); err != nil {
			t.Fatal(err)
		}
	}
	put("warning main from before\n")
	file, err := os.OpenFile(filepath.Join(dir, logName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ended := make(chan struct{})
	follower := &tail{file: file, offset: logSize(dir), ended: ended, limit: 100}
	lines := make(chan string)
	go func() {
		defer close(lines)
		buffer := make([]byte, 1<<10)
		for {
			n, err := follower.Read(buffer)
			if err != nil {
				return
			}
			lines <- string(buffer[:n])
		}
	}()
	for i := range 20 {
		line := "warning main line " + strconv.Itoa(i) + strings.Repeat(".", 40) + "\n"
		put(line)
		if got := <-lines; got != line {
			t.Fatalf("got %q, want %q", got, line)
		}
	}
	put("critical main the end\n")
	close(ended)
	if got := <-lines; got != "critical main the end\n" {
		t.Errorf("last line %q", got)
	}
	if _, open := <-lines; open {
		t.Error("something follows the end")
	}
}

// TestLogIsEmptied makes the log too large: it is emptied where it was read to, and what follows is read.
func TestLogIsEmptied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, err := newLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	file, err := os.OpenFile(filepath.Join(dir, logName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	follower := &tail{file: file, limit: 10}
	if _, err := log.WriteString("warning main long enough\n"); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 1<<10)
	if n, err := follower.Read(buffer); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	if err := follower.trim(); err != nil || logSize(dir) != 0 {
		t.Fatalf("%d bytes stay, %v", logSize(dir), err)
	}
	if _, err := log.WriteString("next\n"); err != nil {
		t.Fatal(err)
	}
	if n, err := follower.Read(buffer); err != nil || string(buffer[:n]) != "next\n" || logSize(dir) != 5 {
		t.Errorf("%q, %v, %d bytes", buffer[:n], err, logSize(dir))
	}
}

// TestLogOfTheProcessBeforeIsKept starts two logs; following one gives its lines as records.
func TestLogOfTheProcessBeforeIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, text := range []string{"first\n", "warning config second\n"} {
		log, err := newLog(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.WriteString(text); err != nil {
			t.Fatal(err)
		}
		log.Close()
	}
	if data, err := os.ReadFile(filepath.Join(dir, previousLogName)); err != nil || string(data) != "first\n" {
		t.Errorf("%q, %v", data, err)
	}
	ended := make(chan struct{})
	close(ended)
	var records bytes.Buffer
	if err := followLog(dir, 0, ended, slog.New(slog.NewTextHandler(&records, nil)), func() bool { return false }); err != nil {
		t.Fatal(err)
	}
	if got := records.String(); !strings.Contains(got, "msg=second component=config") {
		t.Errorf("records: %s", got)
	}
}
