package proxy

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Version is the Envoy that Sluice is built for and tested with.
const Version = "1.40.0"

// FindBinary gives the Envoy to run: explicit if it is given, else the one that SLUICE_ENVOY names, else the
// one that `make deps` put into the cache folder, else "envoy" on PATH.
func FindBinary(explicit string) (string, error) {
	for _, named := range []string{explicit, os.Getenv("SLUICE_ENVOY")} {
		if named == "" {
			continue
		}
		if err := executable(named); err != nil {
			return "", fmt.Errorf("envoy: %w", err)
		}
		return named, nil
	}
	cached, err := cachedBinary()
	if err != nil {
		return "", err
	}
	if executable(cached) == nil {
		return cached, nil
	}
	if found, err := exec.LookPath("envoy"); err == nil {
		return found, nil
	}
	return "", fmt.Errorf("no Envoy found at %s or on PATH: `make deps` installs Envoy %s, or name one with SLUICE_ENVOY", cached, Version)
}

func cachedBinary() (string, error) {
	cache := os.Getenv("SLUICE_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no cache folder for Envoy: %w", err)
		}
		cache = filepath.Join(user, "sluice")
	}
	return filepath.Join(cache, "envoy", Version, "envoy"), nil
}

func executable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() || info.Mode()&0o111 == 0 {
		return errors.New(path + " is no executable file")
	}
	return nil
}
