package engine

import (
	"cmp"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
)

// publication is what readers see.
type publication struct {
	changed func()

	mu sync.RWMutex
	// deployments hold immutable values.
	deployments map[types.NamespacedName]deploymentSnapshot
}

// deploymentSnapshot is one Deployment as readers see it.
type deploymentSnapshot struct {
	pods   []Pod
	status appsv1.DeploymentStatus
}

func newPublication(options Options) *publication {
	changed := options.Changed
	if changed == nil {
		changed = func() {}
	}
	return &publication{changed: changed, deployments: map[types.NamespacedName]deploymentSnapshot{}}
}

// set publishes one Deployment; remove takes it away. Both tell readers.
func (p *publication) set(key types.NamespacedName, s deploymentSnapshot) {
	p.mu.Lock()
	p.deployments[key] = s
	p.mu.Unlock()
	p.changed()
}

func (p *publication) remove(key types.NamespacedName) {
	p.mu.Lock()
	delete(p.deployments, key)
	p.mu.Unlock()
	p.changed()
}

func (p *publication) pods() []Pod {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var out []Pod
	for _, d := range p.deployments {
		for _, pod := range d.pods {
			out = append(out, pod.clone())
		}
	}
	slices.SortFunc(out, func(a, b Pod) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (p *publication) status(key types.NamespacedName) appsv1.DeploymentStatus {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s := p.deployments[key].status
	return *s.DeepCopy()
}
