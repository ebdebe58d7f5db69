package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// parseRequirements reads the annotation's packages, one a line (or separated by commas or spaces where no line has a
// marker), sorted. Each must be pinned by == or by a direct reference (name @ URL): what is installed once and kept must not
// depend on the day. Options of pip are refused.
func parseRequirements(text string) ([]string, error) {
	var out []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, " #")
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		specs := []string{line}
		if !strings.ContainsAny(line, "@;") {
			specs = strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
		}
		for _, spec := range specs {
			if err := checkPinned(spec); err != nil {
				return nil, err
			}
			out = append(out, spec)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func checkPinned(spec string) error {
	if strings.HasPrefix(spec, "-") {
		return fmt.Errorf("%s: %q is an option of pip: set it in pip's own configuration", AnnotationRequirements, spec)
	}
	if strings.Contains(spec, " @ ") {
		return nil
	}
	name, _, _ := strings.Cut(spec, ";") // what follows says on which machines
	_, version, pinned := strings.Cut(name, "==")
	if version = strings.TrimSpace(version); !pinned || version == "" || strings.Contains(version, "*") {
		return fmt.Errorf("%s: %q is not pinned: write name==version", AnnotationRequirements, spec)
	}
	return nil
}

// pythonEnvironments makes and keeps virtual environments, one for each set of packages and interpreter.
type pythonEnvironments struct {
	// dir is the folder that holds them.
	dir string
	// python is the interpreter's path.
	python string
	// env is the environment for pip: with the proxy and index settings that the user has, which processes don't get.
	env []string
}

// newPythonEnvironments uses the user's cache folder, so that a second checkout or state directory is warm too.
func newPythonEnvironments(lookup func(string) (string, bool)) (pythonEnvironments, error) {
	get := func(name string) string { value, _ := lookup(name); return value }
	cache := get("SLUICE_CACHE")
	if cache == "" {
		user := get("XDG_CACHE_HOME")
		if user == "" {
			home := get("HOME")
			if home == "" {
				return pythonEnvironments{}, errors.New("neither SLUICE_CACHE, XDG_CACHE_HOME nor HOME is set: there is no place for Python packages")
			}
			user = filepath.Join(home, ".cache")
		}
		cache = filepath.Join(user, "sluice")
	}
	python, err := findProgram("python3", get("PATH"), "/")
	if err != nil {
		return pythonEnvironments{}, err
	}
	values := baseVariables(lookup, []string{
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
		"PIP_CONFIG_FILE", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_CACHE_DIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
	}, os.TempDir(), "localhost")
	return pythonEnvironments{dir: filepath.Join(cache, "python"), python: python, env: environ(values)}, nil
}

// ensure gives the virtual environment that holds the packages, making it if it is new; pip's progress goes to log. Of several
// that ask at once, in any process, one builds and the others wait.
func (p pythonEnvironments) ensure(ctx context.Context, requirements []string, log *os.File) (string, error) {
	sum := sha256.Sum256([]byte(p.python + "\n" + strings.Join(requirements, "\n")))
	dir := filepath.Join(p.dir, hex.EncodeToString(sum[:8]))
	complete := filepath.Join(dir, ".complete")
	if _, err := os.Stat(complete); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return "", err
	}
	lock := flock.New(dir + ".lock")
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", fmt.Errorf("wait for another that installs the same packages: %w", err)
	}
	defer lock.Close()
	if _, err := os.Stat(complete); err == nil {
		return dir, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := p.build(ctx, dir, requirements, log); err != nil {
		return "", err
	}
	return dir, os.WriteFile(complete, nil, 0o644)
}

func (p pythonEnvironments) build(ctx context.Context, dir string, requirements []string, log *os.File) error {
	fmt.Fprintf(log, "sluice: installing %s into %s\n", strings.Join(requirements, ", "), dir)
	if err := p.run(ctx, log, p.python, "-m", "venv", "--clear", dir); err != nil {
		return err
	}
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, []byte(strings.Join(requirements, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	return p.run(ctx, log, filepath.Join(dir, "bin", "python"), "-m", "pip", "install",
		"--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--requirement", list)
}

func (p pythonEnvironments) run(ctx context.Context, log *os.File, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(program), strings.Join(args[:min(3, len(args))], " "), err)
	}
	return nil
}
