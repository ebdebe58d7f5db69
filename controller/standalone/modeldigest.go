package standalone

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// digestEvery is how often the model files of services are looked at. A file that changed has to stay as it is from one
// look to the next: it may be a copy that is under way.
const digestEvery = time.Second

// maxDigested bounds the files of one model directory that are looked at.
const maxDigested = 1000

// modelDigests are those of the paths at which something is.
func modelDigests(files map[string]settings.FileKind) map[string]string {
	digests := map[string]string{}
	for path, kind := range files {
		if digest := modelDigest(path); kind != settings.Missing && digest != "" {
			digests[path] = digest
		}
	}
	return digests
}

// modelDigest tells versions of a model file apart, or of the model files in a directory, by their sizes and times. Other
// files of a directory don't count: servers log there. It is empty where nothing can be read.
func modelDigest(path string) string {
	hash := sha256.New()
	count := 0
	note := func(name string) error {
		info, err := os.Stat(name) // and not the link's own
		if err != nil || !info.Mode().IsRegular() || count == maxDigested {
			return err
		}
		count++
		_, err = fmt.Fprintf(hash, "%q %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
	case !info.IsDir():
		err = note(path)
	default:
		err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !plan.IsModelFile(name) {
				return err
			}
			return note(name)
		})
	}
	if err != nil || count == 0 {
		return ""
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// settledDigests gives the digests to go by after a look: one that is new counts when the look before had it already, and
// a model that has gone or can't be read keeps the one it was served with.
func settledDigests(inForce, before, now map[string]string) map[string]string {
	next := map[string]string{}
	maps.Copy(next, inForce)
	for path, digest := range now {
		if before[path] == digest {
			next[path] = digest
		}
	}
	return next
}

// foundReplaced looks at the services' model files, and says whether any has been replaced.
func (l *loop) foundReplaced() bool {
	var any bool
	for _, s := range l.services {
		now := modelDigests(s.files)
		next := settledDigests(s.digests, s.lastDigests, now)
		s.lastDigests = now
		if !maps.Equal(next, s.digests) {
			s.digests, s.dirty, any = next, true, true
		}
	}
	return any
}
