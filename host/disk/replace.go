package disk

import (
	"errors"
	"os"
	"path/filepath"
)

// Replace writes a file whole: a reader sees the old content or the new, and a disk that fills up leaves the old and nothing
// beside it. The directory has to be there. What it writes is not synced: it outlives the process, not the machine.
func Replace(path string, data []byte, mode os.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Chmod(mode), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}
