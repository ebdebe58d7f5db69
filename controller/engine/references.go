package engine

import (
	"reflect"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// References are the objects that a pod template may refer to, of the Deployment's namespace and by name. Whoever gives
// them to the engine must not change them afterwards.
type References struct {
	Secrets    map[string]*corev1.Secret
	ConfigMaps map[string]*corev1.ConfigMap
	// Claims gives the directory that stands for each PersistentVolumeClaim.
	Claims map[string]string
}

// sharedReferences are the newest references of one Deployment. A running process keeps what it was started with, as on a
// cluster; a start that failed for want of one is tried again when they are replaced.
type sharedReferences struct {
	mu       sync.Mutex
	current  References
	replaced chan struct{}
}

func newSharedReferences() *sharedReferences {
	return &sharedReferences{replaced: make(chan struct{})}
}

// get gives the references, and a channel that is closed when they are replaced.
func (s *sharedReferences) get() (References, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current, s.replaced
}

func (s *sharedReferences) replace(next References) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reflect.DeepEqual(s.current, next) {
		return
	}
	s.current = next
	close(s.replaced)
	s.replaced = make(chan struct{})
}
