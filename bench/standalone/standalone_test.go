package standalone

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sluice-serving/sluice/bench/report"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/xds/proxy"
)

// TestEnvoyTakesTheHandWrittenConfiguration has the real Envoy check what stands for the peer.
func TestEnvoyTakesTheHandWrittenConfiguration(t *testing.T) {
	t.Parallel()
	envoy, err := proxy.FindBinary("")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "minimal.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, minimalConfig, filepath.Join(dir, "admin"), 10001, 10002), 0o600); err != nil {
		t.Fatal(err)
	}
	check := exec.CommandContext(t.Context(), envoy, "--mode", "validate", "--config-path", config, "--log-level", "error")
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestManifestsAreAccepted(t *testing.T) {
	t.Parallel()
	for _, k := range []kind{static(9000), custom("/folder/back end", "/folder/model")} {
		for service, version := range []int{3, 0} {
			documents, problems := manifest.Parse(fmt.Sprintf("s%d.yaml", service), []byte(k.manifest(service, version)))
			if len(problems) > 0 || len(documents) == 0 {
				t.Errorf("%s, service %d: %d objects, problems %v", k.title, service, len(documents), problems)
			}
		}
	}
}

// TestAVersionIsToldByItsAnswer wants no two versions in a row to look the same, or a change would be seen before it is
// there.
func TestAVersionIsToldByItsAnswer(t *testing.T) {
	t.Parallel()
	answers := map[string]func(version int) *fasthttp.Response{
		"static": func(version int) *fasthttp.Response {
			var answer fasthttp.Response
			answer.Header.Set("x-version", fmt.Sprint(version))
			return &answer
		},
		"process": func(version int) *fasthttp.Response {
			var answer fasthttp.Response
			answer.SetBodyString([]string{"stable", "canary"}[version%2])
			return &answer
		},
	}
	for _, k := range []kind{static(9000), custom("backend", "model")} {
		for version := range 4 {
			answer := answers[k.name](version)
			if !k.shows(version, answer) || k.shows(version+1, answer) {
				t.Errorf("%s: the answer of version %d shows it: %t, and the next: %t", k.name, version, k.shows(version, answer), k.shows(version+1, answer))
			}
		}
	}
}

func TestCostOfAChangeIsWhatIsSpentBeyondPolling(t *testing.T) {
	t.Parallel()
	o := outcome{
		polled: spent{sluice: 10 * time.Millisecond, envoy: 100 * time.Millisecond}, polledFor: time.Second,
		bursts: []burst{
			{times: make([]time.Duration, 3), used: spent{80 * time.Millisecond, 150 * time.Millisecond}, wall: time.Second},
			{times: make([]time.Duration, 2), used: spent{40 * time.Millisecond, 100 * time.Millisecond}, wall: 2 * time.Second},
		},
	}
	// 120 ms in 3 s, of which polling alone would have taken 30 ms, for 5 changes; Envoy spent less than polling takes.
	if got, want := o.change(), (spent{sluice: 18 * time.Millisecond, envoy: -10 * time.Millisecond}); got != want {
		t.Errorf("a change costs %v, want %v", got, want)
	}
}

func TestFlatnessIsTheSmallestOverTheLargest(t *testing.T) {
	t.Parallel()
	at := func(size int, ms ...time.Duration) outcome {
		o := outcome{size: size, cold: []time.Duration{time.Second}, idleFor: time.Second, polledFor: time.Second}
		for _, m := range ms {
			o.bursts = append(o.bursts, burst{times: []time.Duration{m * time.Millisecond}})
		}
		return o
	}
	var r report.Report
	if err := reportKind(&r, static(9000), "_static", []outcome{at(1, 100, 110), at(100, 1, 1), at(1000, 200, 440)}); err != nil {
		t.Fatal(err)
	}
	if len(r.Ratios) != 1 || r.Ratios[0].Key != "flatness_1_to_1000_static" {
		t.Fatalf("ratios %+v", r.Ratios)
	}
	if got := r.Ratios[0]; got.Ours != 320 || got.Peer != 105 || got.Min != 0.25 || got.Max != 0.5 || got.Ratio != 0.375 {
		t.Errorf("ratio %+v, want 0.375 from 0.25 to 0.5", got)
	}
	if rows := r.Tables[0].Rows; len(rows) != 3 || !strings.HasPrefix(strings.Join(rows[2], " "), "1000 1.00 (1.00 to 1.00) 200 440 2 ") {
		t.Errorf("rows %q", rows)
	}
}
