package standalone

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/xds/server"
)

// shelf holds what others may read of the loop's state: all views so far, laid over each other. Putting a view on it costs
// what is in that view; lists are made when somebody asks for them.
type shelf struct {
	mu sync.RWMutex
	// loaded says that the directories have been read and planned once.
	loaded   bool
	revision server.Revision
	// services and what they point to are shared with readers; the map is not.
	services map[types.NamespacedName]*shown
	// problems has no place without any.
	problems map[problemPlace][]manifest.Problem
	policies []admin.Policy
}

func newShelf() *shelf {
	return &shelf{services: map[types.NamespacedName]*shown{}, problems: map[problemPlace][]manifest.Problem{}}
}

func (s *shelf) put(v *view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loaded, s.revision = true, v.revision
	for name, now := range v.services {
		if now == nil {
			delete(s.services, name)
		} else {
			s.services[name] = now
		}
	}
	if v.policies != nil {
		s.policies = v.policies
	}
	for place, now := range v.problems {
		if len(now) == 0 {
			delete(s.problems, place)
		} else {
			s.problems[place] = now
		}
	}
}

// state gives whether anything has been read, and the publication that the rest speaks of.
func (s *shelf) state() (loaded bool, revision server.Revision) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.loaded, s.revision
}

func (s *shelf) service(name types.NamespacedName) (*shown, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	found, ok := s.services[name]
	return found, ok
}

func (s *shelf) accessPolicies() []admin.Policy {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.policies
}

// list gives the services, sorted by namespace and name.
func (s *shelf) list() []*shown {
	s.mu.RLock()
	all := slices.Collect(maps.Values(s.services))
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b *shown) int {
		return cmp.Or(strings.Compare(a.service.Namespace, b.service.Namespace), strings.Compare(a.service.Name, b.service.Name))
	})
	return all
}

// troubles gives the problems of the places that wanted takes, sorted by file and line.
func (s *shelf) troubles(wanted func(problemPlace) bool) []manifest.Problem {
	s.mu.RLock()
	var all []manifest.Problem
	for place, problems := range s.problems {
		if wanted(place) {
			all = append(all, problems...)
		}
	}
	s.mu.RUnlock()
	sortProblems(all)
	return all
}

// neverValid gives the InferenceServices that only a broken manifest names.
func (s *shelf) neverValid() []admin.Service {
	var found []admin.Service
	seen := map[string]bool{}
	for _, problem := range s.troubles(problemPlace.inManifests) {
		kind, rest, _ := strings.Cut(problem.Object, " ")
		namespace, name, qualified := strings.Cut(rest, "/")
		if kind != v1beta1.KindInferenceService || !qualified || seen[problem.Object] {
			continue
		}
		if _, inForce := s.service(types.NamespacedName{Namespace: namespace, Name: name}); inForce {
			continue
		}
		seen[problem.Object] = true
		found = append(found, admin.Service{
			Namespace: namespace, Name: name, File: problem.File, Line: problem.Line,
			Reason: "InvalidManifest", Message: problemText(problem),
		})
	}
	return found
}
