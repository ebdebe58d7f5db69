package standalone

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

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
			if err != nil || entry.IsDir() || !plan.IsModelFile(name, ModelHead) {
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

// modelLook is what a look at the model files of some services found.
type modelLook map[types.NamespacedName]digested

// digested are the files that were looked at and their digests.
type digested struct {
	files   map[string]settings.FileKind
	digests map[string]string
}

// lookAtModels starts a look at the model files of the services whose turn it is, unless one is under way. With more than
// maxLookedAt of them, each has its turn less often.
func (l *loop) lookAtModels(ctx context.Context, running *sync.WaitGroup) {
	if l.lookingAtThem || len(l.modelled) == 0 {
		return
	}
	if len(l.modelQueue) == 0 {
		l.modelQueue = slices.Collect(maps.Keys(l.modelled))
	}
	turn := l.modelQueue[:min(maxLookedAt, len(l.modelQueue))]
	l.modelQueue = l.modelQueue[len(turn):]
	found := modelLook{}
	for _, name := range turn {
		if s, known := l.services[name]; known {
			found[name] = digested{files: s.files}
		}
	}
	l.lookingAtThem = true
	running.Go(func() {
		for name, asked := range found {
			asked.digests = modelDigests(asked.files)
			found[name] = asked
		}
		select {
		case l.modelLooks <- found:
		case <-ctx.Done():
		}
	})
}

// foundReplaced takes a look at model files, and says whether any has been replaced.
func (l *loop) foundReplaced(found modelLook) bool {
	l.lookingAtThem = false
	var any bool
	for name, now := range found {
		s, known := l.services[name]
		if !known || !maps.Equal(s.files, now.files) {
			continue
		}
		next := settledDigests(s.digests, s.lastDigests, now.digests)
		s.lastDigests = now.digests
		if !maps.Equal(next, s.digests) {
			s.digests, any = next, true
			l.mark(s)
		}
	}
	return any
}
