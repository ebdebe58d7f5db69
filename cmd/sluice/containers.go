package main

import (
	"context"
	"log/slog"
	"os/exec"
	"time"
)

// engineTimeout bounds how long a container engine may take to say that it works.
const engineTimeout = 5 * time.Second

// findContainerEngine gives the first container engine on PATH that works, or nothing: a client without its
// daemon could only fail on every container, and the reason would look like the container's own.
func findContainerEngine(logger *slog.Logger) string {
	for _, name := range []string{"podman", "docker", "nerdctl"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), engineTimeout)
		err = exec.CommandContext(ctx, path, "info").Run()
		cancel()
		if err == nil {
			return path
		}
		logger.Debug("container engine passed over: it does not work", "engine", path, "error", err)
	}
	return ""
}
