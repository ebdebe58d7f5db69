package standalone

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/sluice-serving/sluice/controller/manifest"
)

// unstored is what could not be stored of a service's revisions: the disk may be full.
type unstored struct {
	// before are the revisions that the directory holds, as far as is known.
	before []appsv1.ControllerRevision
	err    error
}

// store puts a service's revisions in force, and into the directory. Where that fails they are in force all the same, and
// stored as soon as that is possible.
func (l *loop) store(s *service, revisions []appsv1.ControllerRevision) {
	if equality.Semantic.DeepEqual(s.revisions, revisions) {
		return
	}
	before := s.revisions
	if s.unstored != nil {
		before = s.unstored.before
	}
	s.revisions = revisions
	l.storeFrom(s, before)
}

func (l *loop) storeFrom(s *service, before []appsv1.ControllerRevision) {
	err := l.revisions.save(s.name, before, s.revisions)
	switch {
	case err == nil && s.unstored != nil:
		l.logger.Info("revisions stored again", "service", s.name.String())
	case err != nil && s.unstored == nil:
		l.logger.Error("revisions not stored; a restart would plan from older ones", "service", s.name.String(), "error", err)
	}
	s.unstored = nil
	if err != nil {
		s.unstored = &unstored{before: before, err: err}
	}
	if l.troubled[problemPlace{object: serviceKey(s)}] = true; err != nil {
		l.unstored[s.name] = true
	} else {
		delete(l.unstored, s.name)
	}
}

// longestStoreWait bounds the growing time between two tries to store what could not be stored.
const longestStoreWait = 5 * time.Second

// storeAgain tries anew what could not be stored, if it is time to, and says whether any of it now was.
func (l *loop) storeAgain(now time.Time) bool {
	if len(l.unstored) == 0 && len(l.good.unkept) == 0 {
		l.storeWait = 0
		return false
	}
	if now.Before(l.storeNext) {
		return false
	}
	l.storeWait = min(max(2*l.storeWait, sweepEvery), longestStoreWait)
	l.storeNext = now.Add(l.storeWait)
	any := l.keepAgain()
	for name := range l.unstored {
		s := l.services[name]
		l.storeFrom(s, s.unstored.before)
		any = any || s.unstored == nil
	}
	return any
}

// unstoredProblem says beside its manifest that a service's revisions are not stored.
func (l *loop) unstoredProblem(s *service) manifest.Problem {
	return manifest.Problem{
		Source: s.manifest.Source, Object: serviceKey(s).String(),
		Message: fmt.Sprintf("its revisions can't be stored, so that a restart of sluice would plan from older ones: %v", s.unstored.err),
		Remedy:  "free some space below " + l.revisions.dir + "; it is tried again every few seconds, and the service goes on meanwhile",
	}
}
