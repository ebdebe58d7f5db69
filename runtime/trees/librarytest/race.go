package librarytest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// library is a process in which a library predicts when asked.
type library struct {
	questions io.Writer
	answers   *bufio.Reader
}

// took is how long a prediction took by the wall's clock, and by the processor's, of all threads.
type took struct{ wall, work time.Duration }

// Race lets open's models and the library that trained them predict the same rows in turn: models of several shapes; 1, 100
// and 10,000 rows; one and two threads. ns/op are for both together. Each of ours-ns and theirs-ns is the least seen, and speed
// is theirs over ours, of the medians; ours-cpu-ns, theirs-cpu-ns and cpu-speed are the same by the processor's clock, which
// counts nothing for waiting while others run. SLUICE_RACE_MODELS names a folder that keeps trained models for the next time.
func Race(b *testing.B, name string, open func(file string, threads int) (tabular.Estimator, error)) {
	folder := b.TempDir()
	if kept := os.Getenv("SLUICE_RACE_MODELS"); kept != "" {
		folder = filepath.Join(kept, name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			b.Fatal(err)
		}
	}
	peer := startLibrary(b, name, folder)
	var shapes []struct {
		Features int    `json:"features"`
		Trained  string `json:"trained"`
	}
	if err := json.Unmarshal(read(b, folder, "models.json"), &shapes); err != nil {
		b.Fatal(err)
	}
	for i, shape := range shapes {
		m := tabular.Matrix{Cols: shape.Features}
		if data := read(b, folder, fmt.Sprintf("%d.rows", i)); name == "xgboost" {
			m.F32 = floats[float32](data)
		} else {
			m.F64 = floats[float64](data)
		}
		for _, threads := range []int{1, 2} {
			e, err := open(filepath.Join(folder, fmt.Sprintf("%d.model", i)), threads)
			if err != nil {
				b.Fatal(err)
			}
			for _, rows := range []int{1, 100, 10000} {
				b.Run(fmt.Sprintf("%s/threads=%d/rows=%d", shape.Trained, threads, rows), func(b *testing.B) {
					peer.race(b, e, Slice(m, 0, rows), fmt.Sprintf("%d %d %d", i, rows, threads))
				})
			}
		}
	}
}

func startLibrary(b *testing.B, name, folder string) library {
	b.Helper()
	home := environment(b, "trees", "requirements.txt")
	command := exec.CommandContext(context.WithoutCancel(b.Context()), python(b, "trees"), filepath.Join(home, "testdata", "speed.py"), name, folder)
	// (It ends with its input. The benchmark's context ends before that.)
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	command.Stderr = os.Stderr
	questions, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	answers, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		questions.Close()
		if err := command.Wait(); err != nil {
			b.Error(err)
		}
	})
	peer := library{questions: questions, answers: bufio.NewReader(answers)}
	if _, err := peer.answers.ReadString('\n'); err != nil {
		b.Fatal(err)
	}
	return peer
}

func (l library) race(b *testing.B, e tabular.Estimator, frame *tabular.Frame, question string) {
	var ours, theirs []took
	for b.Loop() {
		ours = append(ours, computing(b, e, frame))
		fmt.Fprintln(l.questions, question)
		var t took
		if _, err := fmt.Fscanln(l.answers, &t.wall, &t.work); err != nil {
			b.Fatal(err)
		}
		theirs = append(theirs, t)
	}
	for unit, clock := range map[string]func(t took) time.Duration{"": func(t took) time.Duration { return t.wall }, "cpu-": func(t took) time.Duration { return t.work }} {
		o, t := sorted(ours, clock), sorted(theirs, clock)
		b.ReportMetric(float64(o[0]), "ours-"+unit+"ns")
		b.ReportMetric(float64(t[0]), "theirs-"+unit+"ns")
		b.ReportMetric(float64(t[len(t)/2])/float64(max(o[len(o)/2], 1)), unit+"speed")
	}
}

// computing is the least of three calls, as the library's.
func computing(b *testing.B, e tabular.Estimator, frame *tabular.Frame) took {
	b.Helper()
	least := took{wall: time.Hour, work: time.Hour}
	for range 3 {
		start, before := time.Now(), processorTime(b)
		if _, err := e.Compute(b.Context(), frame, []int{0}); err != nil {
			b.Fatal(err)
		}
		least.work = min(least.work, processorTime(b)-before)
		least.wall = min(least.wall, time.Since(start))
	}
	return least
}

// processorTime is what this process has taken of the processor.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func sorted(all []took, clock func(t took) time.Duration) []time.Duration {
	durations := make([]time.Duration, len(all))
	for i, t := range all {
		durations[i] = clock(t)
	}
	slices.Sort(durations)
	return durations
}
