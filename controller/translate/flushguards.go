package translate

import (
	"reflect"

	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/xds/ir"
)

// guardOf gives the guard of the Gateway that a host belongs to, or nil.
func (d *frontDoor) guardOf(key HostKey, g *guards) *guard {
	if p := d.portOf(key); p != nil {
		if l := p.owner(key.Host); l != nil {
			return g.byTarget[targetKey{kindGateway, l.key.gateway}]
		}
	}
	return nil
}

// touchTarget plans the guards anew where one stands before target: whether it is there is part of a policy's status.
func (t *Translator) touchTarget(target targetKey) {
	if _, guarded := t.guards.byTarget[target]; guarded {
		t.dirty.guards = true
	}
}

// touchReferred plans the guards anew where a policy refers to a Secret or ConfigMap.
func (t *Translator) touchReferred(object targetKey) {
	if _, used := t.guards.uses[object]; used {
		t.dirty.guards = true
	}
	if _, used := t.door.uses[object]; used {
		t.dirty.door = true
	}
}

// touchGranted plans the front door anew where a Gateway needs a ReferenceGrant of that namespace.
func (t *Translator) touchGranted(namespace string) {
	if _, used := t.door.uses[namespaceTarget(namespace)]; used {
		t.dirty.door = true
	}
}

// moveCertificates notes the certificates that differ from those before.
func (t *Translator) moveCertificates(before map[string]ir.Certificate, change *Change) {
	for name := range union(before, t.door.certificates) {
		now, is := t.door.certificates[name]
		old, was := before[name]
		switch {
		case !is:
			change.RemovedCertificates = append(change.RemovedCertificates, name)
		case !was || old != now:
			change.Certificates = append(change.Certificates, now)
		}
	}
}

// touchInferenceService keeps a service; nil removes it. Only its annotation, and that it is there, matters to guards.
func (t *Translator) touchInferenceService(name types.NamespacedName, after *v1beta1.InferenceService) {
	before := t.store.inferenceServices[name]
	if after == nil {
		delete(t.store.inferenceServices, name)
	} else {
		t.store.inferenceServices[name] = after
	}
	if (before == nil) != (after == nil) {
		t.touchTarget(targetKey{kindService, name})
	}
	old, now := annotationOf(name, before), annotationOf(name, after)
	if !reflect.DeepEqual(old, now) {
		t.dirty.guards = true
	}
}

// annotationOf is the policy that a service's annotation stands for, if any.
func annotationOf(name types.NamespacedName, service *v1beta1.InferenceService) *policy {
	if service == nil {
		return nil
	}
	secret, asked := service.Annotations[sluicev1alpha1.AnnotationAPIKeySecret]
	if !asked {
		return nil
	}
	made := annotated(name, service, secret)
	return &made
}

// touchHosts marks the hosts that are published and of which affected holds.
func (t *Translator) touchHosts(affected func(HostKey) bool) {
	for host := range t.hosts {
		if affected(host) {
			t.dirty.hosts.add(host)
		}
	}
}

// flushGuards plans all guards anew, which costs a pass over all policies, and marks what those concern that differ.
func (t *Translator) flushGuards(change *Change) {
	before := t.guards
	t.guards = planGuards(t.store)
	for target := range union(before.byTarget, t.guards.byTarget) {
		if reflect.DeepEqual(before.byTarget[target], t.guards.byTarget[target]) {
			continue
		}
		addMembers(t.dirty.routes, t.byTarget, target)
		if target.kind == kindGateway {
			t.touchHosts(func(host HostKey) bool {
				guard := t.door.guardOf(host, &t.guards)
				return guard != nil && guard == t.guards.byTarget[target] || guard == nil && t.door.guardOf(host, &before) != nil
			})
		}
	}
	for name := range union(before.tokens, t.guards.tokens) {
		now, is := t.guards.tokens[name]
		old, was := before.tokens[name]
		switch {
		case !is:
			change.RemovedTokens = append(change.RemovedTokens, name)
		case !was || !reflect.DeepEqual(old, now):
			change.Tokens = append(change.Tokens, now)
		}
	}
	for object := range union(before.statuses, t.guards.statuses) {
		now, is := t.guards.statuses[object]
		switch {
		case !is:
			change.RemovedPolicies = append(change.RemovedPolicies, object)
		case !reflect.DeepEqual(before.statuses[object], now):
			put(&change.Policies, object, now)
		}
	}
}
