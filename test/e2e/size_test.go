package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/procfs"
)

// size is what sluice and its Envoy take up.
type size struct {
	// heap is the size at which sluice's next garbage collection begins, which follows what the last one found in use.
	heap uint64
	// envoy is what Envoy's allocator has given out.
	envoy uint64
	// rss and envoyRSS are the resident memory of both processes. They are shown and not judged: what is free again inside a
	// process stays with it.
	rss, envoyRSS int
	goroutines    int
	files         int
}

func (s size) String() string {
	return fmt.Sprintf("sluice's heap %d KiB, RSS %d KiB, %d goroutines, %d files; Envoy %d KiB, RSS %d KiB",
		s.heap>>10, s.rss>>10, s.goroutines, s.files, s.envoy>>10, s.envoyRSS>>10)
}

// grownFrom gives an error for what has grown beyond the noise of measuring: a quarter and a few MiB for memory, a handful
// for what is counted.
func (s size) grownFrom(before size) error {
	var faults []error
	check := func(what string, now, then, most uint64) {
		if now > most {
			faults = append(faults, fmt.Errorf("%s grew from %d to %d", what, then, now))
		}
	}
	const noise = 4 << 20
	check("sluice's heap", s.heap, before.heap, before.heap+before.heap/4+noise)
	check("Envoy's memory", s.envoy, before.envoy, before.envoy+before.envoy/4+noise)
	check("sluice's goroutines", uint64(s.goroutines), uint64(before.goroutines), uint64(before.goroutines)+10)
	check("sluice's open files", uint64(s.files), uint64(before.files), uint64(before.files)+10)
	return errors.Join(faults...)
}

// size measures after a garbage collection that began now or later.
func (s *sluice) size() size {
	s.t.Helper()
	asked := float64(time.Now().UnixNano()) / 1e9
	var now size
	eventually(s.t, startTimeout, "a garbage collection", func() error {
		metrics := s.metrics()
		if last := metric(s.t, metrics, "go_memstats_last_gc_time_seconds"); last < asked {
			return fmt.Errorf("the last was %v s before", asked-last)
		}
		now.heap = uint64(metric(s.t, metrics, "go_memstats_next_gc_bytes"))
		now.goroutines = int(metric(s.t, metrics, "go_goroutines"))
		now.files = int(metric(s.t, metrics, "process_open_fds"))
		return nil
	})
	var memory struct {
		Allocated uint64 `json:"allocated,string"`
	}
	if err := json.Unmarshal(s.askEnvoy("/memory"), &memory); err != nil {
		s.t.Fatal(err)
	}
	now.envoy = memory.Allocated
	now.rss, now.envoyRSS = residentMemory(s.t, s.command.Process.Pid), residentMemory(s.t, s.envoy(s.t))
	return now
}

func residentMemory(t *testing.T, pid int) int {
	t.Helper()
	process, err := procfs.NewProc(pid)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := process.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return stat.ResidentMemory()
}

// metrics is what sluice exposes.
func (s *sluice) metrics() []byte {
	s.t.Helper()
	response, err := http.Get("http://" + s.address + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return body
}

// metric reads a metric without labels.
func metric(t *testing.T, metrics []byte, name string) float64 {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(metrics)
	if found == nil {
		t.Fatalf("no metric %s", name)
	}
	value, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// askEnvoy asks Envoy's own admin interface.
func (s *sluice) askEnvoy(path string) []byte {
	s.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(s.state, "envoy", "admin.sock"))
	}}}
	response, err := client.Get("http://envoy" + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return body
}

// holdsNothingOf wants no trace of a word in the configuration that Envoy itself says it has.
func (s *sluice) holdsNothingOf(word string) error {
	s.t.Helper()
	dump := s.askEnvoy("/config_dump?include_eds")
	if at := bytes.Index(dump, []byte(word)); at >= 0 {
		return fmt.Errorf("envoy has %q", dump[max(0, at-200):min(len(dump), at+200)])
	}
	return nil
}
