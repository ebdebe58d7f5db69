package engine

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// keeper is one for a single log.
func keeper(t *testing.T, name string, most int64) (*logKeeper, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	return &logKeeper{logger: slog.New(slog.NewTextHandler(&said, nil)), most: most, files: func() []string { return []string{name} }}, &said
}

// appendTo writes as a process does, to a file that it holds open for appending.
func appendTo(t *testing.T, name string) func(string) {
	t.Helper()
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return func(text string) {
		t.Helper()
		if _, err := file.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestLongLogIsPutApartWhileItsProcessGoesOn(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "c.log")
	k, said := keeper(t, name, 100)
	write := appendTo(t, name)
	write(strings.Repeat("a", 100))
	k.look()
	if got := readFile(t, name); len(got) != 100 {
		t.Errorf("a log of its full length was cut to %d", len(got))
	}
	write("b\n")
	k.look()
	write("c\n")
	if got := readFile(t, name); got != "c\n" {
		t.Errorf("the log goes on with %q", got)
	}
	if got := readFile(t, rotatedName(name)); got != strings.Repeat("a", 100)+"b\n" {
		t.Errorf("put apart is %q", got)
	}
	write(strings.Repeat("d", 200))
	k.look()
	if got := readFile(t, rotatedName(name)); got != "c\n"+strings.Repeat("d", 200) {
		t.Errorf("put apart the second time is %q", got)
	}
	if said.Len() > 0 {
		t.Errorf("it said %s", said)
	}
}

func TestLogThatIsNotThereIsPassedOver(t *testing.T) {
	t.Parallel()
	k, said := keeper(t, filepath.Join(t.TempDir(), "c.log"), 100)
	if k.look(); said.Len() > 0 {
		t.Errorf("it said %s", said)
	}
}

// TestFullDiskStopsNobodyFromLogging fills a small disk beside a log: its process can write on and on.
func TestFullDiskStopsNobodyFromLogging(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Logf("only root can mount a small disk (%v): the log's reserve is looked at instead", err)
		reserved(t, filepath.Join(dir, "c.log"))
		return
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	name := filepath.Join(dir, "c.log")
	k, said := keeper(t, name, mostLog)
	write := appendTo(t, name)
	write("first\n")
	k.look()
	filler := filepath.Join(dir, "filler")
	fill := func() {
		file, err := os.OpenFile(filler, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for err == nil {
			_, err = file.Write(make([]byte, 4096))
		}
	}
	fill()
	for range 50 {
		write(strings.Repeat("x", logReserve/3) + "\n")
		k.look()
	}
	if got := strings.Count(said.String(), "is full"); got != 1 {
		t.Errorf("it said %d times that the disk is full: %s", got, said)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	k.look()
	k.look()
	if !strings.Contains(said.String(), "room for logs again") {
		t.Errorf("it said %s", said)
	}
}

// reserved wants room behind a log's end.
func reserved(t *testing.T, name string) {
	t.Helper()
	k, _ := keeper(t, name, mostLog)
	appendTo(t, name)("first\n")
	k.look()
	var stat unix.Stat_t
	if err := unix.Stat(name, &stat); err != nil {
		t.Fatal(err)
	}
	if stat.Blocks*512 < logReserve {
		t.Errorf("%d bytes are reserved, want %d", stat.Blocks*512, logReserve)
	}
}
