package proxy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// Version is the Envoy that Sluice is built for and tested with.
const Version = "1.40.0"

// FindBinary gives the Envoy to run: explicit if it is given, else the one that SLUICE_ENVOY names, else the
// one that `make deps` put into the cache folder, else "envoy" on PATH.
func FindBinary(explicit string) (string, error) {
	for _, named := range []struct{ by, path string }{{"--envoy", explicit}, {"the environment's SLUICE_ENVOY", os.Getenv("SLUICE_ENVOY")}} {
		if named.path == "" {
			continue
		}
		if err := executable(named.path); err != nil {
			return "", fmt.Errorf("%s: %w; name the binary of Envoy %s there, or leave it out for that of `make deps`", named.by, err, Version)
		}
		return named.path, nil
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

// CheckBinary says whether the program at path tells its version as Envoy does, and gives the version. Another program
// would end at once, be started again, and so on.
func CheckBinary(ctx context.Context, path string) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, path, "--version")
	command.WaitDelay = time.Second // for what it may have started itself
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", path, err)
	}
	found := envoyVersion().FindSubmatch(output)
	if found == nil {
		return "", fmt.Errorf("%s is no Envoy: its --version does not print Envoy's", path)
	}
	return string(found[1]), nil
}

// versionTimeout is long, since a busy machine may have to read the whole binary from its disk.
const versionTimeout = 30 * time.Second

// envoyVersion matches "envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL".
func envoyVersion() *regexp.Regexp { return regexp.MustCompile(`version: [0-9a-f]+/(\d+\.\d+\.\d+)`) }

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
