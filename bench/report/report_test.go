package report

import (
	"bytes"
	"flag"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/bench/rounds"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sample(t *testing.T) *Report {
	t.Helper()
	faster, err := rounds.Compare(rounds.More, []float64{20123.456, 21000, 19000}, []float64{20000, 20000, 20000})
	if err != nil {
		t.Fatal(err)
	}
	slower, err := rounds.Compare(rounds.Less, []float64{140, 125, 150}, []float64{100, 100, 120})
	if err != nil {
		t.Fatal(err)
	}
	return &Report{
		Bench: "sample",
		Origin: Origin{
			Commit: "0123456789ab-dirty", Machine: "A Processor, 2 cores, 24 GiB",
			Date: time.Date(2026, 3, 4, 23, 30, 0, 0, time.FixedZone("", -3600)),
		},
		Ratios: []Ratio{
			{Key: "rps", About: "requests through ours | the peer", Aim: 0.95, Unit: "requests/s", Comparison: faster},
			{Key: "change", About: "time of a change", Unit: "ms", Comparison: slower},
		},
		Notes:  []string{"Three rounds."},
		Tables: []Table{{Title: "Sizes", Columns: []string{"services", "ms"}, Rows: [][]string{{"1", "100"}, {"1000", "140"}}}},
		Plots: []Plot{
			{Title: "change", X: "services", Y: "ms", Log: true, Lines: []Line{{Name: "p50", Points: []Point{{1, 100}, {1000, 140}}}}},
			{Title: "memory", X: "services", Y: "MiB", Lines: []Line{{Name: "ours", Points: []Point{{1, 0}, {2, 3}}}}},
		},
	}
}

// TestReportIsWrittenAsAgreed compares the JSON and Markdown files with golden ones, and looks at the picture's size.
func TestReportIsWrittenAsAgreed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "results")
	if err := sample(t).Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sample.json", "sample.md"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-golden +now):\n%s", name, diff)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "sample.png"))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if b := picture.Bounds(); b.Dx() < 3*b.Dy() {
		t.Errorf("a picture of %d by %d pixels; three diagrams side by side are wider", b.Dx(), b.Dy())
	}
}

func TestReportRefusesWhatItCanNotShow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(*Report)
		says  string
	}{
		"two ratios of one name": {func(r *Report) { r.Ratios[1].Key = "rps" }, "rps"},
		"nothing at all":         {func(r *Report) { r.Ratios, r.Plots = nil, nil }, "nothing to draw"},
		"zero on a log axis":     {func(r *Report) { r.Plots[0].Lines[0].Points[0].Y = 0 }, `line "p50"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sample(t)
			test.spoil(r)
			dir := t.TempDir()
			if err := r.Write(dir); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, want an error that says %q", err, test.says)
			}
			if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
				t.Errorf("files %v, %v: a report that fails writes none", files, err)
			}
		})
	}
}

// repository makes a git repository with one commit and one file.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"init -q", "add file", "-c user.name=a -c user.email=a@example.org commit -qm one"} {
		git := exec.CommandContext(t.Context(), "git", strings.Fields(args)...)
		git.Dir = dir
		if out, err := git.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args, err, out)
		}
	}
	return dir
}

// TestOriginNamesNoPlace reads an origin: the commit is one of git's and says when files were changed since, and the
// machine has no path.
func TestOriginNamesNoPlace(t *testing.T) {
	t.Parallel()
	root := repository(t)
	envoy := filepath.Join(t.TempDir(), "envoy")
	script := "#!/bin/sh\necho; echo \"$0  version: 9e55809337/1.40.0/Clean/RELEASE/BoringSSL\"\n"
	if err := os.WriteFile(envoy, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	origin, err := OriginOf(t.Context(), root, envoy)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9a-f]{12,}$`).MatchString(origin.Commit) {
		t.Errorf("commit %q", origin.Commit)
	}
	if !regexp.MustCompile(`^[^/]+, \d+ cores, \d+ GiB, Linux [^/ ]+ \w+, go[^/ ]+, Envoy 1\.40\.0$`).MatchString(origin.Machine) {
		t.Errorf("machine %q", origin.Machine)
	}

	if err := os.WriteFile(filepath.Join(root, "file"), []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	changed, err := OriginOf(t.Context(), root, envoy)
	if err != nil || changed.Commit != origin.Commit+"-dirty" {
		t.Errorf("commit %q, %v; want %s-dirty", changed.Commit, err, origin.Commit)
	}
}

func TestOriginNeedsGitAndEnvoy(t *testing.T) {
	t.Parallel()
	if _, err := OriginOf(t.Context(), t.TempDir(), "true"); err == nil || !strings.Contains(err.Error(), "git") {
		t.Errorf("outside a repository: %v", err)
	}
	if _, err := OriginOf(t.Context(), repository(t), filepath.Join(t.TempDir(), "missing")); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("without Envoy: %v", err)
	}
}
