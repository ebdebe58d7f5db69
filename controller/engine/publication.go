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
	changed func(types.NamespacedName)

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
	changed := func(key types.NamespacedName) {
		if options.DeploymentChanged != nil {
			options.DeploymentChanged(key)
		}
		if options.Changed != nil {
			options.Changed()
		}
	}
	return &publication{changed: changed, deployments: map[types.NamespacedName]deploymentSnapshot{}}
}

// set publishes one Deployment; remove takes it away. Both tell readers.
func (p *publication) set(key types.NamespacedName, s deploymentSnapshot) {
	p.mu.Lock()
	p.deployments[key] = s
	p.mu.Unlock()
	p.changed(key)
}

func (p *publication) remove(key types.NamespacedName) {
	p.mu.Lock()
	delete(p.deployments, key)
	p.mu.Unlock()
	p.changed(key)
}

func (p *publication) pods() []Pod {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var out []Pod
	for _, d := range p.deployments {
		out = append(out, clonePods(d.pods)...)
	}
	slices.SortFunc(out, func(a, b Pod) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (p *publication) podsOf(key types.NamespacedName) []Pod {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return clonePods(p.deployments[key].pods)
}

func clonePods(pods []Pod) []Pod {
	out := make([]Pod, 0, len(pods))
	for _, pod := range pods {
		out = append(out, pod.clone())
	}
	return out
}

func (p *publication) status(key types.NamespacedName) appsv1.DeploymentStatus {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s := p.deployments[key].status
	return *s.DeepCopy()
}
