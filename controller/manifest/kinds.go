package manifest

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/nearest"
	servingv1alpha1 "github.com/sluice-serving/sluice/api/serving/v1alpha1"
	servingv1alpha2 "github.com/sluice-serving/sluice/api/serving/v1alpha2"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
)

// kindInfo is what is known of a kind.
type kindInfo struct {
	schema.GroupVersionKind
	// make gives an empty object of the kind's Go type.
	make func() Object
	// also are older versions with the same fields, read as this one.
	also []string
	// cluster is true for a kind that has no namespace.
	cluster bool
	// pending is true for a kind that is read and checked, and not served yet.
	pending bool
	// instead says what to do without a pending kind.
	instead string
}

// kinds are those that may stand in a file.
func kinds() []kindInfo {
	gateway := func(kind string) schema.GroupVersionKind {
		return schema.GroupVersion(gatewayv1.GroupVersion).WithKind(kind)
	}
	runtime := func(kind string) schema.GroupVersionKind { return servingv1alpha1.GroupVersion.WithKind(kind) }
	llm := func(kind string) schema.GroupVersionKind { return servingv1alpha2.GroupVersion.WithKind(kind) }
	core := func(kind string) schema.GroupVersionKind { return corev1.SchemeGroupVersion.WithKind(kind) }
	return []kindInfo{
		{GroupVersionKind: v1beta1.GroupVersion.WithKind(v1beta1.KindInferenceService), make: func() Object { return &v1beta1.InferenceService{} }},
		{GroupVersionKind: runtime("ServingRuntime"), make: func() Object { return &servingv1alpha1.ServingRuntime{} }},
		{GroupVersionKind: runtime("ClusterServingRuntime"), make: func() Object { return &servingv1alpha1.ClusterServingRuntime{} }, cluster: true},
		{GroupVersionKind: runtime("InferenceGraph"), make: func() Object { return &servingv1alpha1.InferenceGraph{} }, pending: true},
		{GroupVersionKind: runtime("TrainedModel"), make: func() Object { return &servingv1alpha1.TrainedModel{} }, pending: true},
		{GroupVersionKind: llm(servingv1alpha2.KindLLMInferenceService), make: func() Object { return &servingv1alpha2.LLMInferenceService{} }, pending: true},
		{GroupVersionKind: runtime(servingv1alpha2.KindLLMInferenceService), make: func() Object { return &servingv1alpha1.LLMInferenceService{} }, pending: true},
		{GroupVersionKind: llm(servingv1alpha2.KindLLMInferenceServiceConfig), make: func() Object { return &servingv1alpha2.LLMInferenceServiceConfig{} }, pending: true},
		{GroupVersionKind: runtime(servingv1alpha2.KindLLMInferenceServiceConfig), make: func() Object { return &servingv1alpha1.LLMInferenceServiceConfig{} }, pending: true},
		{GroupVersionKind: runtime("LocalModelCache"), make: func() Object { return &servingv1alpha1.LocalModelCache{} }, cluster: true, pending: true},
		{GroupVersionKind: runtime("LocalModelNamespaceCache"), make: func() Object { return &servingv1alpha1.LocalModelNamespaceCache{} }, pending: true},
		{GroupVersionKind: runtime("LocalModelNodeGroup"), make: func() Object { return &servingv1alpha1.LocalModelNodeGroup{} }, cluster: true, pending: true},
		{GroupVersionKind: runtime("LocalModelNode"), make: func() Object { return &servingv1alpha1.LocalModelNode{} }, cluster: true, pending: true},
		{GroupVersionKind: runtime("ClusterStorageContainer"), make: func() Object { return &servingv1alpha1.ClusterStorageContainer{} }, cluster: true, pending: true,
			instead: "remove it: s3://, gs://, hf://, http(s):// and Azure are fetched without one; what only its container fetches, fetch yourself and name by file:///absolute/path"},
		{GroupVersionKind: gateway("Gateway"), make: func() Object { return &gatewayv1.Gateway{} }, also: []string{"v1beta1"}},
		{GroupVersionKind: gateway("HTTPRoute"), make: func() Object { return &gatewayv1.HTTPRoute{} }, also: []string{"v1beta1"}},
		{GroupVersionKind: gateway("GRPCRoute"), make: func() Object { return &gatewayv1.GRPCRoute{} }},
		{GroupVersionKind: gateway("ReferenceGrant"), make: func() Object { return &gatewayv1.ReferenceGrant{} }, also: []string{"v1beta1"}},
		{GroupVersionKind: core("Service"), make: func() Object { return &corev1.Service{} }},
		{GroupVersionKind: discoveryv1.SchemeGroupVersion.WithKind("EndpointSlice"), make: func() Object { return &discoveryv1.EndpointSlice{} }},
		{GroupVersionKind: core("Secret"), make: func() Object { return &corev1.Secret{} }},
		{GroupVersionKind: core("ServiceAccount"), make: func() Object { return &corev1.ServiceAccount{} }},
		{GroupVersionKind: core("ConfigMap"), make: func() Object { return &corev1.ConfigMap{} }},
		{GroupVersionKind: core("PersistentVolumeClaim"), make: func() Object { return &corev1.PersistentVolumeClaim{} }},
		{GroupVersionKind: sluicev1alpha1.GroupVersion.WithKind(sluicev1alpha1.KindAccessPolicy), make: func() Object { return &sluicev1alpha1.AccessPolicy{} }},
		{GroupVersionKind: sluicev1alpha1.GroupVersion.WithKind(sluicev1alpha1.KindDirectResponse), make: func() Object { return &sluicev1alpha1.DirectResponse{} }},
	}
}

// Kinds gives the kinds that are served, in a fixed order, as messages list them.
func Kinds() []string { return kindNames(func(k kindInfo) bool { return !k.pending }) }

// Pending says whether a kind is read and checked while nothing serves it yet, and what to do without it.
func Pending(kind string) (instead string, pending bool) {
	for _, k := range kinds() {
		if k.Kind == kind && k.pending {
			if k.instead == "" {
				return "keep it for a cluster with KServe, or remove it", true
			}
			return k.instead, true
		}
	}
	return "", false
}

// Scope says whether a kind belongs to the whole cluster and not to a namespace, and whether it is known at all.
func Scope(apiVersion, kind string) (clusterWide, known bool) {
	info, wrong := lookup(apiVersion, kind)
	return info.cluster, wrong == nil
}

func kindNames(want func(kindInfo) bool) []string {
	var names []string
	for _, k := range kinds() {
		if want(k) && !slices.Contains(names, k.Kind) {
			names = append(names, k.Kind)
		}
	}
	return names
}

// lookup finds a kind, or says what is wrong with apiVersion or kind.
func lookup(apiVersion, kind string) (kindInfo, *finding) {
	all := kinds()
	all = slices.DeleteFunc(all, func(k kindInfo) bool { return k.Kind != kind })
	if len(all) == 0 {
		return kindInfo{}, unknownKind(apiVersion, kind)
	}
	group, version := "", apiVersion
	if g, v, grouped := strings.Cut(apiVersion, "/"); grouped {
		group, version = g, v
	}
	for _, info := range all {
		if group == info.Group && (version == info.Version || slices.Contains(info.also, version)) {
			return info, nil
		}
	}
	info := all[0]
	served := info.GroupVersion().String()
	wrong := &finding{path: at(nil, "apiVersion", false), message: fmt.Sprintf("%s %q is not known", kind, apiVersion)}
	switch {
	case group == oldGroup:
		wrong.remedy = fmt.Sprintf("this is KFServing's group, before KServe 0.7; write %s", served)
	case group == info.Group:
		wrong.remedy = fmt.Sprintf("this version is not served; write %s and check the fields against it", served)
	default:
		wrong.remedy = "write " + served
	}
	return kindInfo{}, wrong
}

func unknownKind(apiVersion, kind string) *finding {
	near := nearest.Name(kind, kindNames(func(kindInfo) bool { return true }))
	wrong := &finding{path: at(nil, "kind", false), message: fmt.Sprintf("kind %q can't be served from a file", kind), foreign: isForeign(apiVersion, near)}
	if near != "" {
		wrong.remedy = fmt.Sprintf("did you mean %s? Served are %s", near, strings.Join(Kinds(), ", "))
	} else {
		wrong.remedy = "remove it; served are " + strings.Join(Kinds(), ", ")
	}
	return wrong
}

// oldGroup is KFServing's, before KServe 0.7.
const oldGroup = "serving.kubeflow.org"

// isForeign says whether a document of an unknown kind is of another API than ours. near is the kind that may have been meant.
func isForeign(apiVersion, near string) bool {
	group, _, grouped := strings.Cut(apiVersion, "/")
	if !grouped {
		group = ""
	}
	switch group {
	case v1beta1.GroupVersion.Group, sluicev1alpha1.GroupVersion.Group, oldGroup:
		return false
	}
	return !slices.ContainsFunc(kinds(), func(k kindInfo) bool { return k.Kind == near && k.Group == group })
}
