package standalone

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/host/disk"
)

// revisionStore keeps each InferenceService's ControllerRevisions as files, so that a restart plans from
// the same revisions: one folder a namespace, one a service, one file a revision. The folder's mode keeps
// other users out, since a spec may hold values a user would not show.
type revisionStore struct {
	dir string
}

// load reads the revisions of all services. A file that can't be read is named in the error; the others
// are returned all the same, so that one damaged file costs one service its history and no more.
func (s revisionStore) load() (map[types.NamespacedName][]appsv1.ControllerRevision, error) {
	stored := map[types.NamespacedName][]appsv1.ControllerRevision{}
	files, err := filepath.Glob(filepath.Join(s.dir, "*", "*", "*.json"))
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		var revision appsv1.ControllerRevision
		if err := json.Unmarshal(data, &revision); err != nil {
			failures = append(failures, fmt.Errorf("stored revision %s: %w; remove the file to start that service's history anew", file, err))
			continue
		}
		service := filepath.Dir(file)
		key := types.NamespacedName{Namespace: filepath.Base(filepath.Dir(service)), Name: filepath.Base(service)}
		stored[key] = append(stored[key], revision)
	}
	for _, revisions := range stored {
		slices.SortFunc(revisions, func(a, b appsv1.ControllerRevision) int { return strings.Compare(a.Name, b.Name) })
	}
	return stored, errors.Join(failures...)
}

// save makes the files of a service those of revisions: new and changed ones are written, others removed.
func (s revisionStore) save(service types.NamespacedName, before, after []appsv1.ControllerRevision) error {
	dir := filepath.Join(s.dir, service.Namespace, service.Name)
	encodedBefore, err := encodeRevisions(before)
	if err != nil {
		return err
	}
	encodedAfter, err := encodeRevisions(after)
	if err != nil {
		return err
	}
	if len(after) > 0 {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("storing revisions of %s: %w", service, err)
		}
	}
	var failures []error
	for name, data := range encodedAfter {
		if encodedBefore[name] != data {
			failures = append(failures, disk.Replace(filepath.Join(dir, name+".json"), []byte(data), 0o600))
		}
	}
	for name := range encodedBefore {
		if _, kept := encodedAfter[name]; !kept {
			failures = append(failures, os.Remove(filepath.Join(dir, name+".json")))
		}
	}
	if len(after) == 0 {
		// With whatever a run that was killed while it wrote has left there.
		failures = append(failures, os.RemoveAll(dir))
	}
	return errors.Join(failures...)
}

func encodeRevisions(revisions []appsv1.ControllerRevision) (map[string]string, error) {
	encoded := make(map[string]string, len(revisions))
	for i := range revisions {
		data, err := json.Marshal(&revisions[i])
		if err != nil {
			return nil, fmt.Errorf("encoding revision %s: %w", revisions[i].Name, err)
		}
		encoded[revisions[i].Name] = string(data)
	}
	return encoded, nil
}
