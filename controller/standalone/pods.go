package standalone

import (
	"cmp"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/controller/engine"
)

// pods are the engine's Deployments and their pods as of this round, found by what the loop asks of them.
type pods struct {
	deployments map[types.NamespacedName]engine.Change
	byName      map[podKey]*engine.Pod
	// byService are the Deployments with pods of an InferenceService, and byLabel those with pods that bear a label.
	byService map[types.NamespacedName]map[types.NamespacedName]bool
	byLabel   map[labelPair]map[types.NamespacedName]bool
	// answering counts the pods that answer at an address.
	answering map[endpointKey]int
}

// labelPair is a label with its value, as the pods of a namespace bear it.
type labelPair struct{ namespace, key, value string }

func newPods() *pods {
	return &pods{
		deployments: map[types.NamespacedName]engine.Change{},
		byName:      map[podKey]*engine.Pod{},
		byService:   map[types.NamespacedName]map[types.NamespacedName]bool{},
		byLabel:     map[labelPair]map[types.NamespacedName]bool{},
		answering:   map[endpointKey]int{},
	}
}

// set takes what has become of a Deployment, and gives what it was before.
func (p *pods) set(change engine.Change) (before engine.Change) {
	key := change.Deployment
	before = p.deployments[key]
	for i := range before.Pods {
		p.index(key, &before.Pods[i], false)
	}
	if len(change.Pods) == 0 && change.Status.Replicas == 0 && len(change.Status.Conditions) == 0 {
		delete(p.deployments, key)
		return before
	}
	p.deployments[key] = change
	for i := range change.Pods {
		p.index(key, &change.Pods[i], true)
	}
	return before
}

// index puts a pod into the indexes or takes it out.
func (p *pods) index(deployment types.NamespacedName, pod *engine.Pod, present bool) {
	name := podKey{pod.Namespace, pod.Name}
	if present {
		p.byName[name] = pod
	} else {
		delete(p.byName, name)
	}
	note(p.byService, ownerOf(pod), deployment, present)
	for _, pair := range labelsOf(pod) {
		note(p.byLabel, pair, deployment, present)
	}
	if !isRunning(pod) {
		return
	}
	for _, port := range pod.Ports {
		at := endpointKey{pod.Address, uint16(port)}
		if present {
			p.answering[at]++
		} else if p.answering[at]--; p.answering[at] == 0 {
			delete(p.answering, at)
		}
	}
}

// note makes member one of a key's or not, and leaves no key without any.
func note[K, M comparable](index map[K]map[M]bool, key K, member M, present bool) {
	if !present {
		delete(index[key], member)
		if len(index[key]) == 0 {
			delete(index, key)
		}
		return
	}
	if index[key] == nil {
		index[key] = map[M]bool{}
	}
	index[key][member] = true
}

func labelsOf(pod *engine.Pod) []labelPair {
	pairs := make([]labelPair, 0, len(pod.Labels))
	for key, value := range pod.Labels {
		pairs = append(pairs, labelPair{pod.Namespace, key, value})
	}
	return pairs
}

func isRunning(pod *engine.Pod) bool {
	return slices.ContainsFunc(pod.Containers, func(c engine.ContainerState) bool {
		return !c.Init && c.State == engine.StateRunning
	})
}

// answers says whether a process of ours still answers at an endpoint.
func (p *pods) answers(key endpointKey) bool { return p.answering[key] > 0 }

func (p *pods) status(deployment types.NamespacedName) appsv1.DeploymentStatus {
	return p.deployments[deployment].Status
}

// of gives the pods of an InferenceService, sorted by name.
func (p *pods) of(service types.NamespacedName) []*engine.Pod {
	return p.collect(p.byService[service], func(pod *engine.Pod) bool { return ownerOf(pod) == service })
}

// bearing gives the pods that bear a label, sorted by name.
func (p *pods) bearing(pair labelPair) []*engine.Pod {
	return p.collect(p.byLabel[pair], func(pod *engine.Pod) bool { return pod.Labels[pair.key] == pair.value })
}

func (p *pods) collect(deployments map[types.NamespacedName]bool, wanted func(*engine.Pod) bool) []*engine.Pod {
	var found []*engine.Pod
	for key := range deployments {
		all := p.deployments[key].Pods
		for i := range all {
			if wanted(&all[i]) {
				found = append(found, &all[i])
			}
		}
	}
	slices.SortFunc(found, func(a, b *engine.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return found
}
