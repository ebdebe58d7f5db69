package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluice-serving/sluice/runtime/storage"
)

// steps are a fetch at its start, half-way and at its end.
func steps() []storage.Progress {
	p := storage.Progress{URI: "s3://b/m", Total: 4 << 20, TotalFiles: 2, Rate: 1 << 20}
	half, end := p, p
	half.Bytes, half.Files = 2<<20, 1
	end.Bytes, end.Files = 4<<20, 2
	return []storage.Progress{p, half, end}
}

func TestProgressInALogIsALineNowAndThen(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	tell := newProgressLine(&log)
	for _, p := range steps() {
		tell(p)
	}
	want := "fetching s3://b/m: 0 B of 4.0 MiB (0 %), 1.0 MiB/s, 0 of 2 files\nfetched s3://b/m: 4.0 MiB of 4.0 MiB (100 %), 1.0 MiB/s, 2 of 2 files\n"
	if log.String() != want {
		t.Errorf("got %q, want %q", log.String(), want)
	}
}

func TestProgressOnATerminalIsWrittenOver(t *testing.T) {
	t.Parallel()
	master, terminal := openTerminal(t)
	tell := newProgressLine(terminal)
	for _, p := range steps() {
		tell(p)
	}
	const line = "\r\033[K"
	want := line + "fetching s3://b/m: 0 B of 4.0 MiB (0 %), 1.0 MiB/s, 0 of 2 files" +
		line + "fetching s3://b/m: 2.0 MiB of 4.0 MiB (50 %), 1.0 MiB/s, 1 of 2 files" +
		line + "fetched s3://b/m: 4.0 MiB of 4.0 MiB (100 %), 1.0 MiB/s, 2 of 2 files\r\n"
	var got strings.Builder
	buffer := make([]byte, 1024)
	for got.Len() < len(want) {
		n, err := master.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		got.Write(buffer[:n])
	}
	if got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

// openTerminal makes a pseudo-terminal, and gives both of its ends.
func openTerminal(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return master, terminal
}
