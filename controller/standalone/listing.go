package standalone

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/engine"
)

// listing keeps the EndpointSlices of the Services with a selector. A Service is looked at when it or a pod that it may
// select has changed.
type listing struct {
	// selectors are the Services by one label of their selectors, and pairs says by which.
	selectors map[labelPair]map[objectKey]bool
	pairs     map[objectKey]labelPair
	// slices are the EndpointSlices made for each Service.
	slices map[objectKey][]objectKey
	// due are the Services to look at.
	due map[objectKey]bool
}

func newListing() *listing {
	return &listing{
		selectors: map[labelPair]map[objectKey]bool{}, pairs: map[objectKey]labelPair{},
		slices: map[objectKey][]objectKey{}, due: map[objectKey]bool{},
	}
}

// take notes that a Service is another than before; nil is one that has gone or is of another kind.
func (l *listing) take(key objectKey, service *corev1.Service) {
	if pair, known := l.pairs[key]; known {
		note(l.selectors, pair, key, false)
		delete(l.pairs, key)
	}
	if service != nil && len(service.Spec.Selector) > 0 {
		l.pairs[key] = narrowest(service)
		note(l.selectors, l.pairs[key], key, true)
	}
	l.due[key] = true
}

// narrowest gives the label of a Service's selector that few pods bear: that which names one Deployment, if it is there.
func narrowest(service *corev1.Service) labelPair {
	key := v1beta1.LabelApp
	if _, named := service.Spec.Selector[key]; !named {
		key = slices.Sorted(maps.Keys(service.Spec.Selector))[0]
	}
	return labelPair{service.Namespace, key, service.Spec.Selector[key]}
}

// touch marks the Services that may select a pod.
func (l *listing) touch(pod *engine.Pod) {
	for _, pair := range labelsOf(pod) {
		for service := range l.selectors[pair] {
			l.due[service] = true
		}
	}
}

// listEndpoints brings the EndpointSlices of the Services that are due to the pods of this round.
func (l *loop) listEndpoints() {
	for key := range l.routing.takeServices() {
		service, _ := l.routing.objects[key].(*corev1.Service)
		l.listing.take(key, service)
	}
	l.endSuperseded()
	due := l.listing.due
	l.listing.due = map[objectKey]bool{}
	leaving := func(key podKey) bool { return l.draining[key] != nil }
	for key := range due {
		var next []objectKey
		if pair, selects := l.listing.pairs[key]; selects {
			service, _ := l.routing.objects[key].(*corev1.Service)
			for _, slice := range endpointSlices(service, l.pods.bearing(pair), leaving) {
				l.routing.set(planned, slice)
				next = append(next, keyOfObject(slice))
			}
		}
		for _, old := range l.listing.slices[key] {
			if !slices.Contains(next, old) {
				l.routing.delete(planned, old)
			}
		}
		if l.listing.slices[key] = next; len(next) == 0 {
			delete(l.listing.slices, key)
		}
	}
}
