package translate

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
)

// store holds the objects that translation reads, by name. The stages only read it.
type store struct {
	gateways        map[types.NamespacedName]*gatewayv1.Gateway
	routes          map[routeKey]*route
	grants          map[string]map[string]*gatewayv1.ReferenceGrant // by namespace, by name
	services        map[types.NamespacedName]*corev1.Service
	slices          map[types.NamespacedName]map[string]*discoveryv1.EndpointSlice // by Service, by slice name
	directResponses map[types.NamespacedName]*sluicev1alpha1.DirectResponse
	namespaces      map[string]map[string]string // labels by namespace

	accessPolicies    map[types.NamespacedName]*sluicev1alpha1.AccessPolicy
	inferenceServices map[types.NamespacedName]*v1beta1.InferenceService
	secrets           map[types.NamespacedName]*corev1.Secret
	configMaps        map[types.NamespacedName]*corev1.ConfigMap
	// addresses are those of ports that are not bound where the others are.
	addresses map[int32]string
}

func newStore() *store {
	return &store{
		gateways:        map[types.NamespacedName]*gatewayv1.Gateway{},
		routes:          map[routeKey]*route{},
		grants:          map[string]map[string]*gatewayv1.ReferenceGrant{},
		services:        map[types.NamespacedName]*corev1.Service{},
		slices:          map[types.NamespacedName]map[string]*discoveryv1.EndpointSlice{},
		directResponses: map[types.NamespacedName]*sluicev1alpha1.DirectResponse{},
		namespaces:      map[string]map[string]string{},

		accessPolicies:    map[types.NamespacedName]*sluicev1alpha1.AccessPolicy{},
		inferenceServices: map[types.NamespacedName]*v1beta1.InferenceService{},
		secrets:           map[types.NamespacedName]*corev1.Secret{},
		configMaps:        map[types.NamespacedName]*corev1.ConfigMap{},
		addresses:         map[int32]string{},
	}
}

// newFilledStore holds all of in.
func newFilledStore(in Objects) *store {
	s := newStore()
	for i := range in.Gateways {
		s.gateways[nameOf(&in.Gateways[i])] = &in.Gateways[i]
	}
	for i := range in.HTTPRoutes {
		r := newHTTPRoute(&in.HTTPRoutes[i])
		s.routes[r.key] = r
	}
	for i := range in.GRPCRoutes {
		r := newGRPCRoute(&in.GRPCRoutes[i])
		s.routes[r.key] = r
	}
	for i := range in.ReferenceGrants {
		grant := &in.ReferenceGrants[i]
		putNested(s.grants, grant.Namespace, grant.Name, grant)
	}
	for i := range in.Services {
		s.services[nameOf(&in.Services[i])] = &in.Services[i]
	}
	for i := range in.EndpointSlices {
		slice := &in.EndpointSlices[i]
		if service, ok := serviceOf(slice); ok {
			putNested(s.slices, service, slice.Name, slice)
		}
	}
	for i := range in.DirectResponses {
		s.directResponses[nameOf(&in.DirectResponses[i])] = &in.DirectResponses[i]
	}
	for i := range in.AccessPolicies {
		s.accessPolicies[nameOf(&in.AccessPolicies[i])] = &in.AccessPolicies[i]
	}
	for i := range in.InferenceServices {
		s.inferenceServices[nameOf(&in.InferenceServices[i])] = &in.InferenceServices[i]
	}
	for i := range in.Secrets {
		s.secrets[nameOf(&in.Secrets[i])] = &in.Secrets[i]
	}
	for i := range in.ConfigMaps {
		s.configMaps[nameOf(&in.ConfigMaps[i])] = &in.ConfigMaps[i]
	}
	for i := range in.Namespaces {
		s.namespaces[in.Namespaces[i].Name] = in.Namespaces[i].Labels
	}
	return s
}

// namespaceLabels gives a namespace's labels. A namespace that no object describes has the one label that
// Kubernetes gives to each.
func (s *store) namespaceLabels(namespace string) map[string]string {
	if labels, ok := s.namespaces[namespace]; ok {
		return labels
	}
	return map[string]string{corev1.LabelMetadataName: namespace}
}

// serviceOf gives the Service that an EndpointSlice belongs to.
func serviceOf(slice *discoveryv1.EndpointSlice) (types.NamespacedName, bool) {
	name, ok := slice.Labels[discoveryv1.LabelServiceName]
	return types.NamespacedName{Namespace: slice.Namespace, Name: name}, ok && name != ""
}

// named is what every object of the API has.
type named interface {
	GetNamespace() string
	GetName() string
}

func nameOf(object named) types.NamespacedName {
	return types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
}

// putNested sets all[outer][inner].
func putNested[O, I comparable, V any](all map[O]map[I]V, outer O, inner I, value V) {
	nested, ok := all[outer]
	if !ok {
		nested = map[I]V{}
		all[outer] = nested
	}
	nested[inner] = value
}

// removeNested deletes all[outer][inner] and leaves no empty map behind.
func removeNested[O, I comparable, V any](all map[O]map[I]V, outer O, inner I) {
	delete(all[outer], inner)
	if len(all[outer]) == 0 {
		delete(all, outer)
	}
}
