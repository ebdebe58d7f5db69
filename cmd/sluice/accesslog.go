package main

import (
	"os"
	"path/filepath"
)

// checkAccessLog says whether the file of --access-log can be appended to. Envoy would refuse its listener if not. What
// didn't exist before is there afterwards, empty. Envoy works in another directory, so that the path it gets is absolute.
func checkAccessLog(path string) (absolute string, err error) {
	if path == "" {
		return "", nil
	}
	if absolute, err = filepath.Abs(path); err != nil {
		return "", err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return "", usagef("--access-log: %w; name a file that can be appended to, in a directory that exists", err)
	}
	return absolute, file.Close()
}
