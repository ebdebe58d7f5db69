package engine

import (
	"context"
	"maps"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
)

// loop owns all Deployments: only its goroutine reads or changes them. It never waits for a pod.
type loop struct {
	host        *host
	published   *publication
	deployments map[types.NamespacedName]*deployment
	news        *news
	// pods counts the goroutines of all pods.
	pods sync.WaitGroup
	// startPod runs a pod in a goroutine of its own.
	startPod func(*pod)
}

func newLoop(h *host, p *publication) *loop {
	return &loop{host: h, published: p, deployments: map[types.NamespacedName]*deployment{}, news: newNews()}
}

// run serves requests and news until soft ends, then waits for every pod.
func (l *loop) run(soft, hard context.Context, requests <-chan request) {
	l.startPod = func(p *pod) {
		l.pods.Go(func() {
			p.run(soft, hard)
			close(p.gone)
			p.changed()
		})
	}
	for {
		select {
		case r := <-requests:
			r.apply(l)
			close(r.done)
		case <-l.news.signal:
			for _, key := range l.news.take() {
				l.reconcile(key)
			}
		case <-soft.Done():
			l.end(hard)
			return
		}
	}
}

// end waits until all pods have ended, and ends what left their process groups.
func (l *loop) end(hard context.Context) {
	l.pods.Wait()
	endAll(markedPrefix(podVariable+"="+l.host.options.mark()), l.host.timing.leftoverGrace, hard.Done())
	for key, d := range l.deployments {
		d.alarm.Stop()
		l.host.records.forgetDeployment(key)
		l.published.remove(key)
	}
}

// apply takes spec up, which is the loop's from here on.
func (l *loop) apply(spec *appsv1.Deployment, refs References) {
	key := types.NamespacedName{Namespace: spec.Namespace, Name: spec.Name}
	d, ok := l.deployments[key]
	if !ok {
		d = newDeployment(key, func() { l.news.add(key) })
		l.deployments[key] = d
	}
	d.take(spec)
	d.awaited = false
	d.save(l.host)
	d.refs.replace(refs)
	l.reconcile(key)
}

func (l *loop) delete(key types.NamespacedName) {
	if d, ok := l.deployments[key]; ok {
		d.deleted, d.awaited = true, false
		l.reconcile(key)
	}
}

// reconcile decides about one Deployment and does it. Pods that are to go are published as terminating before they are told,
// so that nobody is drained whom readers still take for serving.
func (l *loop) reconcile(key types.NamespacedName) {
	d, ok := l.deployments[key]
	if !ok {
		return
	}
	d.dropGone(l.host)
	if d.deleted && len(d.pods) == 0 {
		d.alarm.Stop()
		delete(l.deployments, key)
		l.host.records.forgetDeployment(key)
		l.published.remove(key)
		return
	}
	leaving := d.step(l.host, l.startPod)
	if snapshot, changed := d.snapshot(); changed {
		l.published.set(key, snapshot)
	}
	for _, p := range leaving {
		close(p.leave)
	}
}

// news is the set of Deployments that something happened to. Adding never blocks, and happenings between two looks are one.
type news struct {
	signal chan struct{}

	mu   sync.Mutex
	keys map[types.NamespacedName]bool
}

func newNews() *news {
	return &news{signal: make(chan struct{}, 1), keys: map[types.NamespacedName]bool{}}
}

func (n *news) add(key types.NamespacedName) {
	n.mu.Lock()
	n.keys[key] = true
	n.mu.Unlock()
	select {
	case n.signal <- struct{}{}:
	default: // a signal is waiting already
	}
}

func (n *news) take() []types.NamespacedName {
	n.mu.Lock()
	defer n.mu.Unlock()
	keys := slices.Collect(maps.Keys(n.keys))
	// Another map: the room of one that was large once would be walked at each call.
	n.keys = map[types.NamespacedName]bool{}
	return keys
}
