package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Python is an environment of pinned Python packages.
type Python struct{ home string }

// Python makes an environment in the user's cache, if it isn't there as the requirements file has it. The file's path is that below
// the checkout's root.
func (r *Rig) Python(ctx context.Context, name, requirements string) (Python, error) {
	install := exec.CommandContext(ctx, filepath.Join(r.Root, "config", "deps", "venv.sh"), name, filepath.Join(r.Root, requirements)) //nolint:gosec // the rig's own
	r.Logger.Info("python environment", "name", name)
	if printed, err := install.CombinedOutput(); err != nil {
		return Python{}, fmt.Errorf("installing %s: %w\n%s", requirements, err, printed)
	}
	cache := os.Getenv("SLUICE_CACHE")
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return Python{}, err
		}
		cache = filepath.Join(base, "sluice")
	}
	return Python{home: filepath.Join(cache, "python", name)}, nil
}

// Program is the path of a program of the environment.
func (p Python) Program(name string) string { return filepath.Join(p.home, "bin", name) }
