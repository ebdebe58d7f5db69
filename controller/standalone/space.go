package standalone

import (
	"fmt"

	"github.com/sluice-serving/sluice/host/disk"
)

// leastSpace is what must be free for sluice to start: room for the records of a few hundred services and processes.
const leastSpace = 1 << 20

// CheckSpace refuses a state directory that what has to outlive a restart could not be stored in. What runs already goes on
// where the space ends later, and what a killed run left can be ended; a start is the time to say so.
func (s *StateDir) CheckSpace() error { return checkSpace(s.Path) }

func checkSpace(path string) error {
	free, err := disk.Free(path)
	if err != nil {
		return fmt.Errorf("state directory %s: asking for its free space: %w", path, err)
	}
	if free < leastSpace {
		return fmt.Errorf("the disk of the state directory %s is full: %d bytes are free, and sluice needs %d for its records; "+
			"free some space, or choose another directory with --state-dir", path, free, leastSpace)
	}
	return nil
}
