package standalone

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/sluice-serving/sluice/host/disk"
)

// PIDFile is the name, within a state directory, of the file that says which process serves it.
const PIDFile = "sluice.pid"

const lockFile = "sluice.lock"

// Process is what [PIDFile] holds, as JSON.
type Process struct {
	PID int `json:"pid"`
	// StartTicks is the process's start time in clock ticks after boot (field 22 of /proc/PID/stat). With
	// it a pid that the kernel has given to another process is told apart.
	StartTicks uint64 `json:"startTicks"`
	// Admin is the address of the admin port, host:port.
	Admin string `json:"admin"`
	// Dirs are the absolute paths served.
	Dirs []string `json:"dirs"`
}

// StateDir is a state directory that this process holds alone.
type StateDir struct {
	Path string
	lock *flock.Flock
	// announced says that [PIDFile] is this process's own.
	announced bool
}

// LockedError says that another process serves the same state directory.
type LockedError struct {
	Path   string
	Holder Process
}

func (e *LockedError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("state directory %s is held by another sluice; end it with `sluice stop --state-dir %s` or choose another with --state-dir", e.Path, e.Path)
	}
	return fmt.Sprintf("%s is already served by sluice with pid %d (admin port %s); end it with `sluice stop --state-dir %s` or choose another directory with --state-dir",
		strings.Join(e.Holder.Dirs, ", "), e.Holder.PID, e.Holder.Admin, e.Path)
}

// DefaultStateDir is the state directory of a `sluice run` over paths: below $XDG_STATE_HOME, or
// ~/.local/state, in a folder named for the first path. The same paths give the same directory.
func DefaultStateDir(paths []string) (string, error) {
	if len(paths) == 0 {
		return "", errors.New("no directory given to derive the state directory from; pass DIR or --state-dir")
	}
	base := os.Getenv("XDG_STATE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("finding a place for the state directory: %w; set XDG_STATE_HOME or pass --state-dir", err)
		}
		base = filepath.Join(home, ".local", "state")
	}
	first, err := filepath.Abs(paths[0])
	if err != nil {
		return "", fmt.Errorf("resolving %s: %w", paths[0], err)
	}
	sum := sha256.Sum256([]byte(first))
	return filepath.Join(base, "sluice", filepath.Base(first)+"-"+hex.EncodeToString(sum[:4])), nil
}

// OpenStateDir makes the directory where it is missing and locks it. A lock dies with its process, so a
// directory left by one that was killed opens. The error is a [*LockedError] while another process holds it.
func OpenStateDir(path string) (*StateDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making the state directory: %w; choose another with --state-dir", err)
	}
	lock := flock.New(filepath.Join(path, lockFile))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the state directory: %w; choose another with --state-dir", err)
	}
	if !held {
		holder, _ := ReadProcess(path)
		return nil, &LockedError{Path: path, Holder: holder}
	}
	return &StateDir{Path: path, lock: lock}, nil
}

// Announce writes [PIDFile], so that `sluice stop` finds this process.
func (s *StateDir) Announce(p Process) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	s.announced = true
	return disk.Replace(filepath.Join(s.Path, PIDFile), append(data, '\n'), 0o600)
}

// Close removes this process's [PIDFile] and releases the lock.
func (s *StateDir) Close() error {
	var err error
	if s.announced {
		err = os.Remove(filepath.Join(s.Path, PIDFile))
	}
	return errors.Join(err, s.lock.Unlock())
}

// ReadProcess reads the [PIDFile] of a state directory.
func ReadProcess(path string) (Process, error) {
	var p Process
	file := filepath.Join(path, PIDFile)
	data, err := os.ReadFile(file)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return p, fmt.Errorf("%s: %w; remove it if no sluice runs", file, err)
	}
	return p, nil
}
