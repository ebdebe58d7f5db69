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
	// news are the Deployments that were published or removed since they were last taken.
	news map[types.NamespacedName]struct{}
}

// Change is one Deployment as it is now.
type Change struct {
	Deployment types.NamespacedName
	// Pods are sorted by name, terminating ones included. A Deployment that has gone has none, and the zero status.
	Pods   []Pod
	Status appsv1.DeploymentStatus
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
	return &publication{
		changed: changed, deployments: map[types.NamespacedName]deploymentSnapshot{}, news: map[types.NamespacedName]struct{}{},
	}
}

// set publishes one Deployment; remove takes it away. Both tell readers.
func (p *publication) set(key types.NamespacedName, s deploymentSnapshot) {
	p.mu.Lock()
	p.deployments[key] = s
	p.news[key] = struct{}{}
	p.mu.Unlock()
	p.changed()
}

func (p *publication) remove(key types.NamespacedName) {
	p.mu.Lock()
	delete(p.deployments, key)
	p.news[key] = struct{}{}
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

// take gives the Deployments with news and forgets the news.
func (p *publication) take() []Change {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Change
	for key := range p.news {
		out = append(out, p.deployments[key].change(key))
	}
	// Another map: the room of one that was large once would be walked at each call.
	p.news = map[types.NamespacedName]struct{}{}
	return out
}

func (s deploymentSnapshot) change(key types.NamespacedName) Change {
	c := Change{Deployment: key, Status: *s.status.DeepCopy()}
	for _, pod := range s.pods {
		c.Pods = append(c.Pods, pod.clone())
	}
	slices.SortFunc(c.Pods, func(a, b Pod) int { return cmp.Compare(a.Name, b.Name) })
	return c
}

func (p *publication) status(key types.NamespacedName) appsv1.DeploymentStatus {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s := p.deployments[key].status
	return *s.DeepCopy()
}
