package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// findProgram finds a command on the child's PATH, not sluice's own; one with a slash is relative to dir.
func findProgram(command, path, dir string) (string, error) {
	if strings.Contains(command, "/") {
		if !filepath.IsAbs(command) {
			command = filepath.Join(dir, command)
		}
		if !executable(command) {
			return "", fmt.Errorf("command %q does not exist or is not executable", command)
		}
		return command, nil
	}
	for _, folder := range filepath.SplitList(path) {
		if candidate := filepath.Join(folder, command); filepath.IsAbs(candidate) && executable(candidate) {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("command %q is not on PATH (%s): install it, or give its full path", command, path)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
