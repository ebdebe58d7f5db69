package translate

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/xds/ir"
)

// TestTranslatorFollowsAnyHistory sets and deletes objects at random. What the changes add up to is at each
// Flush what a fresh translation of the same objects gives, and no change names what stayed the same.
func TestTranslatorFollowsAnyHistory(t *testing.T) {
	t.Parallel()
	seeds := uint64(60)
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			followHistory(t, seed)
		})
	}
}

func followHistory(t *testing.T, seed uint64) {
	t.Helper()
	g := newGenerator(seed)
	translator := NewTranslator("127.0.0.1")
	objects := map[string]Object{}
	published := newPublished()
	for step := range 40 {
		for range 1 + g.IntN(4) {
			change(g, translator, objects, published)
		}
		published.apply(t, translator.Flush())
		published.dropForeign(objects)
		want := Translate(gather(objects))
		requireEqual(t, step, "the model that the changes add up to", want.Config, published.config())
		requireEqual(t, step, "the model that Config gives", want.Config, translator.Config())
		requireEqual(t, step, "the statuses of policies", want.Policies, published.policies)
		requireEqual(t, step, "the statuses that the changes add up to", statusesOf(want), published.statuses)
		if again := translator.Flush(); !isEmpty(again) {
			t.Fatalf("step %d: a second Flush names %+v, want nothing", step, again)
		}
	}
}

// isEmpty says that nothing has changed.
func isEmpty(c Change) bool {
	return len(c.Listeners)+len(c.RemovedListeners)+len(c.Hosts)+len(c.RemovedHosts)+len(c.Backends)+len(c.RemovedBackends)+
		len(c.Tokens)+len(c.RemovedTokens)+len(c.Certificates)+len(c.RemovedCertificates)+
		len(c.Gateways)+len(c.HTTPRoutes)+len(c.GRPCRoutes)+len(c.Policies)+len(c.RemovedPolicies) == 0
}

// requireEqual compares in the fast way first: there are many steps.
func requireEqual[T any](t *testing.T, step int, what string, want, got T) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("step %d: %s (-fresh +got):\n%s", step, what, cmp.Diff(want, got))
	}
}

// change sets a new object, sets one that is there as it is, or deletes one.
func change(g generator, translator *Translator, objects map[string]Object, published *published) {
	if len(objects) > 0 && g.chance(25) {
		names := slices.Sorted(maps.Keys(objects))
		name := names[g.IntN(len(names))]
		if g.chance(30) {
			translator.Set(objects[name])
			return
		}
		translator.Delete(objects[name])
		delete(objects, name)
		delete(published.statuses, name)
		return
	}
	object := g.object()
	objects[keyOf(object)] = object
	translator.Set(object)
}

func keyOf(object Object) string {
	return fmt.Sprintf("%s %s", reflect.TypeOf(object).Elem().Name(), nameOf(object))
}

func gather(objects map[string]Object) Objects {
	in := Objects{Listen: "127.0.0.1"}
	for _, object := range objects {
		switch o := object.(type) {
		case *gatewayv1.Gateway:
			in.Gateways = append(in.Gateways, *o)
		case *gatewayv1.HTTPRoute:
			in.HTTPRoutes = append(in.HTTPRoutes, *o)
		case *gatewayv1.GRPCRoute:
			in.GRPCRoutes = append(in.GRPCRoutes, *o)
		case *gatewayv1.ReferenceGrant:
			in.ReferenceGrants = append(in.ReferenceGrants, *o)
		case *corev1.Service:
			in.Services = append(in.Services, *o)
		case *discoveryv1.EndpointSlice:
			in.EndpointSlices = append(in.EndpointSlices, *o)
		case *sluicev1alpha1.DirectResponse:
			in.DirectResponses = append(in.DirectResponses, *o)
		case *sluicev1alpha1.AccessPolicy:
			in.AccessPolicies = append(in.AccessPolicies, *o)
		case *v1beta1.InferenceService:
			in.InferenceServices = append(in.InferenceServices, *o)
		case *corev1.Secret:
			in.Secrets = append(in.Secrets, *o)
		case *corev1.ConfigMap:
			in.ConfigMaps = append(in.ConfigMaps, *o)
		case *corev1.Namespace:
			in.Namespaces = append(in.Namespaces, *o)
		}
	}
	return in
}

// published is what a reader of changes has.
type published struct {
	listeners    map[string]ir.Listener
	hosts        map[HostKey]ir.Host
	backends     map[string]ir.Backend
	tokens       map[string]ir.TokenPolicy
	certificates map[string]ir.Certificate
	policies     map[ir.Ref]gatewayv1.PolicyStatus
	statuses     map[string]any
}

func newPublished() *published {
	return &published{
		listeners: map[string]ir.Listener{}, hosts: map[HostKey]ir.Host{}, backends: map[string]ir.Backend{},
		tokens: map[string]ir.TokenPolicy{}, certificates: map[string]ir.Certificate{}, policies: map[ir.Ref]gatewayv1.PolicyStatus{}, statuses: map[string]any{},
	}
}

func (p *published) apply(t *testing.T, c Change) {
	t.Helper()
	applyAll(t, p.listeners, c.Listeners, c.RemovedListeners, func(l ir.Listener) string { return l.Name })
	applyAll(t, p.hosts, c.Hosts, c.RemovedHosts, KeyOf)
	applyAll(t, p.backends, c.Backends, c.RemovedBackends, func(b ir.Backend) string { return b.Name })
	applyAll(t, p.tokens, c.Tokens, c.RemovedTokens, func(p ir.TokenPolicy) string { return p.Name })
	applyAll(t, p.certificates, c.Certificates, c.RemovedCertificates, func(c ir.Certificate) string { return c.Name })
	for object, status := range c.Policies {
		if before, was := p.policies[object]; was && reflect.DeepEqual(before, status) {
			t.Errorf("the change names the status of %s, which is as it was", object)
		}
		p.policies[object] = status
	}
	for _, object := range c.RemovedPolicies {
		delete(p.policies, object)
	}
	applyStatuses(t, p.statuses, "Gateway", c.Gateways)
	applyStatuses(t, p.statuses, "HTTPRoute", c.HTTPRoutes)
	applyStatuses(t, p.statuses, "GRPCRoute", c.GRPCRoutes)
}

func applyAll[K comparable, V any](t *testing.T, all map[K]V, changed []V, removed []K, key func(V) K) {
	t.Helper()
	for _, value := range changed {
		if before, was := all[key(value)]; was && reflect.DeepEqual(before, value) {
			t.Errorf("the change names %v, which is as it was", key(value))
		}
		all[key(value)] = value
	}
	for _, gone := range removed {
		if _, was := all[gone]; !was {
			t.Errorf("the change removes %v, which was not there", gone)
		}
		delete(all, gone)
	}
}

func applyStatuses[V any](t *testing.T, all map[string]any, kind string, changed map[types.NamespacedName]V) {
	t.Helper()
	for name, status := range changed {
		key := kind + " " + name.String()
		if before, was := all[key]; was && reflect.DeepEqual(before, status) {
			t.Errorf("the change names the status of %s, which is as it was", key)
		}
		all[key] = status
	}
}

func (p *published) config() ir.Config {
	config := ir.Config{
		Listeners:    slices.Collect(maps.Values(p.listeners)),
		Hosts:        slices.Collect(maps.Values(p.hosts)),
		Backends:     slices.Collect(maps.Values(p.backends)),
		Tokens:       slices.Collect(maps.Values(p.tokens)),
		Certificates: slices.Collect(maps.Values(p.certificates)),
	}
	sortConfig(&config)
	return config
}

// dropForeign forgets the statuses of Gateways that are of another class now.
func (p *published) dropForeign(objects map[string]Object) {
	for name, object := range objects {
		if gateway, ok := object.(*gatewayv1.Gateway); ok && gateway.Spec.GatewayClassName != GatewayClass {
			delete(p.statuses, name)
		}
	}
}

func statusesOf(result Result) map[string]any {
	all := map[string]any{}
	for name, status := range result.Gateways {
		all["Gateway "+name.String()] = status
	}
	for name, status := range result.HTTPRoutes {
		all["HTTPRoute "+name.String()] = status
	}
	for name, status := range result.GRPCRoutes {
		all["GRPCRoute "+name.String()] = status
	}
	return all
}

// TestAChangeTouchesOnlyItsOwn tells what each kind of change to one of two services names.
func TestAChangeTouchesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	translator := fill(2)

	translator.Set(benchSlice(0, 9090))
	want := Change{Backends: []ir.Backend{{
		Name: "default/m0-predictor/80", Protocol: ir.HTTP1,
		Object:    ir.Ref{Kind: "Service", Namespace: "default", Name: "m0-predictor"},
		Endpoints: []ir.Endpoint{{Address: "127.0.0.1", Port: 9090}},
	}}}
	if diff := cmp.Diff(want, translator.Flush()); diff != "" {
		t.Errorf("a change of endpoints (-want +got):\n%s", diff)
	}

	service := benchService(0)
	service.Labels = map[string]string{"a": "b"}
	translator.Set(service)
	if change := translator.Flush(); !isEmpty(change) {
		t.Errorf("a label of a Service changed %+v, want nothing", change)
	}

	translator.Delete(benchService(0))
	change := translator.Flush()
	if len(change.Hosts) != 1 || !slices.Equal(change.RemovedBackends, []string{"default/m0-predictor/80"}) || len(change.HTTPRoutes) != 1 {
		t.Errorf("a deleted Service changed %+v, want its host, its backend and its route's status", change)
	}

	translator.Delete(benchRoute(0))
	change = translator.Flush()
	if !slices.Equal(change.RemovedHosts, []HostKey{{Listener: "http-8080", Host: "m0-default.example.com"}}) || len(change.Hosts) != 0 || len(change.Gateways) != 1 {
		t.Errorf("a deleted route changed %+v, want its host gone and the count of attached routes", change)
	}
}
