package mutate

import (
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/translate"
	"github.com/sluice-serving/sluice/xds/ir"
)

// snapshot is what Envoy has while a document is exchanged.
type snapshot struct {
	hosts    map[translate.HostKey]ir.Host
	backends map[string]ir.Backend
}

func (w *world) snapshot() snapshot {
	return snapshot{hosts: maps.Clone(w.hosts), backends: maps.Clone(w.backends)}
}

func (p snapshot) take(change translate.Change) {
	for _, host := range change.Hosts {
		p.hosts[translate.KeyOf(host)] = host
	}
	for _, key := range change.RemovedHosts {
		delete(p.hosts, key)
	}
	for _, backend := range change.Backends {
		p.backends[backend.Name] = backend
	}
}

// guarded are the InferenceServices that some policy is about, whatever else stands in it.
func (w *world) guarded() map[types.NamespacedName]bool {
	guarded, everything := map[types.NamespacedName]bool{}, map[string]bool{}
	for _, object := range w.have {
		switch o := object.(type) {
		case *v1beta1.InferenceService:
			if o.Annotations[sluicev1alpha1.AnnotationAPIKeySecret] != "" {
				guarded[types.NamespacedName{Namespace: o.Namespace, Name: o.Name}] = true
			}
		case *sluicev1alpha1.AccessPolicy:
			if len(o.Spec.TargetRefs) == 0 {
				everything[o.Namespace] = true
			}
			for _, ref := range o.Spec.TargetRefs {
				if string(ref.Group) == v1beta1.GroupVersion.Group && string(ref.Kind) == v1beta1.KindInferenceService {
					guarded[types.NamespacedName{Namespace: o.Namespace, Name: string(ref.Name)}] = true
				}
			}
		}
	}
	for _, object := range w.have {
		if o, is := object.(*v1beta1.InferenceService); is && (everything[""] || everything[o.Namespace]) {
			guarded[types.NamespacedName{Namespace: o.Namespace, Name: o.Name}] = true
		}
	}
	return guarded
}

// open says which routes lead to a service that a policy is about, and ask nothing of who calls.
func (w *world) open(now snapshot) []string {
	guarded := w.guarded()
	if len(guarded) == 0 {
		return nil
	}
	var found []string
	for key, host := range now.hosts {
		for _, route := range host.Routes {
			if route.Access != nil || route.Forward == nil {
				continue
			}
			for _, share := range route.Forward.Backends {
				if service, owned := w.owner(now.backends[share.Backend].Object); owned && guarded[service] {
					found = append(found, fmt.Sprintf("host %v: route %s leads to %s and lets everyone in", key, route.Name, service))
				}
			}
		}
	}
	return found
}

// owner gives the InferenceService that planned a Service.
func (w *world) owner(service ir.Ref) (types.NamespacedName, bool) {
	object, known := w.have[service.String()]
	if !known {
		return types.NamespacedName{}, false
	}
	for _, owner := range object.GetOwnerReferences() {
		if owner.Kind == v1beta1.KindInferenceService {
			return types.NamespacedName{Namespace: object.GetNamespace(), Name: owner.Name}, true
		}
	}
	return types.NamespacedName{}, false
}
