package main

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/admin"
)

// climbing is a load that is a second older, and has used half a second of CPU more, each time that it is asked.
type climbing struct{ asked atomic.Int64 }

func (c *climbing) Load() admin.Load {
	n := c.asked.Add(1)
	half, slow := 0.52, 2345.6
	return admin.Load{At: time.Unix(1_700_000_000+n, 0).UTC(), Revisions: []admin.RevisionLoad{
		{Namespace: "default", Service: "iris", Revision: "iris-predictor-00001", RequestsPerSecond: 1234.5, ErrorsPerSecond: 0.25, InFlight: 8,
			Latency: &admin.Latency{Samples: 12345, P50Milliseconds: &half, P90Milliseconds: &half, P99Milliseconds: &slow},
			Usage:   &admin.Usage{Processes: 2, CPUSeconds: 0.5 * float64(n), MemoryBytes: 150 << 20}},
		{Namespace: "default", Service: "iris", Revision: "iris-predictor-00002", RequestsPerSecond: 9.94,
			Latency: &admin.Latency{Samples: 99, P50Milliseconds: &half, P90Milliseconds: &half},
			Usage:   &admin.Usage{Processes: 1, CPUSeconds: 3, MemoryBytes: 3 << 29}},
		{Namespace: "team", Service: "words", Revision: "words-predictor-00001"},
	}}
}

func TestTopOnce(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string][]string{
		"top":           {"top", "--once"},
		"top-namespace": {"top", "--once", "-n", "team", "-o", "json"},
		"top-argument":  {"top", "iris"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, arguments, sluice(t.Context(), strings.NewReader(""), adminOf(t, running("")), arguments...))
		})
	}
}

func TestTopGoesOnUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	got := sluice(ctx, nil, adminOf(t, running("")), "top", "-n", "team")
	if got.code != exitOK || got.err != "" || strings.Count(got.out, "words-predictor-00001") < 2 || strings.Contains(got.out, "\x1b") {
		t.Errorf("got %+v, want the table at least twice, without escapes where no terminal is", got)
	}
}

func TestTopDrawsOverATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	screen := topScreen{w: &out, format: print.TableFormat, redraw: true}
	for range 2 {
		if err := screen.show(nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(out.String(), clearScreen+"NAMESPACE"); n != 2 {
		t.Errorf("the table was drawn in place %d times, want 2: %q", n, out.String())
	}
}

func TestCPUUseNeedsTwoLooksAtTheSameProcesses(t *testing.T) {
	t.Parallel()
	at := func(seconds int64, usage *admin.Usage) admin.Load {
		return admin.Load{At: time.Unix(seconds, 0), Revisions: []admin.RevisionLoad{{Service: "m", Revision: "r", Usage: usage}}}
	}
	three, one := &admin.Usage{CPUSeconds: 3}, &admin.Usage{CPUSeconds: 1}
	hundred := 100.0
	for name, test := range map[string]struct {
		before, now admin.Load
		want        *float64
	}{
		"two seconds of two":        {at(10, one), at(12, three), &hundred},
		"the process came":          {at(10, nil), at(11, one), nil},
		"the process went":          {at(10, one), at(11, nil), nil},
		"another process":           {at(10, three), at(11, one), nil},
		"a revision that wasn't":    {admin.Load{At: time.Unix(10, 0)}, at(11, one), nil},
		"no time between the looks": {at(10, one), at(10, three), nil},
	} {
		if diff := cmp.Diff(test.want, topLines(test.before, test.now)[0].CPUPercent); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSizesAndRatesAreShort(t *testing.T) {
	t.Parallel()
	for want, n := range map[string]uint64{"0 KiB": 12, "5 KiB": 5 << 10, "150 MiB": 150 << 20, "1.5 GiB": 3 << 29, "12 GiB": 12 << 30} {
		if got := byteSize(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
	for want, milliseconds := range map[string]float64{"0.5ms": 0.52, "45ms": 45.4, "1.0s": 1000, "90s": 90_000} {
		if got := duration(&milliseconds); got != want {
			t.Errorf("%g ms are %q, want %q", milliseconds, got, want)
		}
	}
	if got := duration(nil); got != "" {
		t.Errorf("an unknown latency is %q", got)
	}
	for want, rate := range map[string]float64{"0.0": 0, "9.9": 9.94, "1234": 1234.4} {
		if got := perSecond(rate); got != want {
			t.Errorf("%g a second is %q, want %q", rate, got, want)
		}
	}
}
