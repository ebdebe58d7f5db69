package report

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// Origin is where numbers come from.
type Origin struct {
	// Commit is that of the checkout, with "-dirty" if it was changed since.
	Commit string
	// Machine names processor, memory and the versions of what matters; no host and no path.
	Machine string
	Date    time.Time
}

// OriginOf reads the origin of numbers that are measured now, from the checkout in root with the Envoy binary given.
func OriginOf(ctx context.Context, root, envoy string) (Origin, error) {
	commit, err := commit(ctx, root)
	if err != nil {
		return Origin{}, err
	}
	machine, err := machine(ctx, envoy)
	return Origin{Commit: commit, Machine: machine, Date: time.Now()}, err
}

func commit(ctx context.Context, root string) (string, error) {
	git := func(args ...string) (string, error) {
		command := exec.CommandContext(ctx, "git", args...)
		command.Dir = root
		out, err := command.Output()
		if err != nil {
			return "", fmt.Errorf("git %s: %w; a result names the commit that it is of", strings.Join(args, " "), err)
		}
		return strings.TrimSpace(string(out)), nil
	}
	commit, err := git("rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "", err
	}
	// Results of benchmarks that ran before this one are no change of what is measured.
	changed, err := git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results")
	if err != nil {
		return "", err
	}
	if changed != "" {
		commit += "-dirty"
	}
	return commit, nil
}

func machine(ctx context.Context, envoy string) (string, error) {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return "", err
	}
	memory, err := proc.Meminfo()
	if err != nil {
		return "", err
	}
	if memory.MemTotal == nil {
		return "", fmt.Errorf("the kernel does not say how much memory there is")
	}
	var kernel unix.Utsname
	if err := unix.Uname(&kernel); err != nil {
		return "", err
	}
	version, err := envoyVersion(ctx, envoy)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %d cores, %.0f GiB, Linux %s %s, %s, Envoy %s",
		processor(), runtime.NumCPU(), float64(*memory.MemTotal)/(1<<20), unix.ByteSliceToString(kernel.Release[:]),
		runtime.GOARCH, runtime.Version(), version), nil
}

// processor is the first processor's model name; those of arm64 have none.
func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		if found := modelName.FindSubmatch(data); found != nil {
			return string(found[1])
		}
	}
	return "unnamed processor"
}

var (
	modelName    = regexp.MustCompile(`(?m)^model name\s*:\s*(.*\S)`)
	envoyRelease = regexp.MustCompile(`/(\d+\.\d+\.\d+[^/]*)/`)
)

func envoyVersion(ctx context.Context, envoy string) (string, error) {
	out, err := exec.CommandContext(ctx, envoy, "--version").Output() //nolint:gosec // the operator names it
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", envoy, err)
	}
	found := envoyRelease.FindSubmatch(out)
	if found == nil {
		return "", fmt.Errorf("%s --version gives no version: %q", envoy, out)
	}
	return string(found[1]), nil
}
