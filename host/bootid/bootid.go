// Package bootid names the present run of the machine.
package bootid

import (
	"fmt"
	"os"
	"strings"
)

// Read gives what tells one run of the machine from the next: pids and start times begin again with each, and what was written and not
// synced may be lost between them.
func Read() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the machine's boot id: %w", err)
	}
	return strings.TrimSpace(string(id)), nil
}
