package mutate

import (
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/translate"
	"github.com/sluice-serving/sluice/xds/ir"
)

// concernsOthers says whether an object is about others by design: what it says may change their routes.
func concernsOthers(object manifest.Object) bool {
	switch o := object.(type) {
	case *v1beta1.InferenceService:
		_, closes := o.Annotations[sluicev1alpha1.AnnotationAPIKeySecret]
		return closes
	case *sluicev1alpha1.AccessPolicy, *corev1.Secret, *corev1.ConfigMap:
		return true // Whose caller is let in goes by these.
	case *gatewayv1.Gateway, *gatewayv1.ReferenceGrant, *sluicev1alpha1.DirectResponse, *v1alpha1.ServingRuntime, *v1alpha1.ClusterServingRuntime:
		return true
	}
	return false
}

// beside says which routes and backends of untouched objects a change has altered.
func (w *world) beside(change translate.Change, touched map[string]bool) []string {
	var found []string
	for _, backend := range change.Backends {
		if before, there := w.backends[backend.Name]; there && !touched[backend.Object.String()] && !w.sliced(touched) && !reflect.DeepEqual(before, backend) {
			found = append(found, fmt.Sprintf("backend %s: %+v was %+v", backend.Name, backend, before))
		}
	}
	after := map[translate.HostKey]ir.Host{}
	for _, host := range change.Hosts {
		after[translate.KeyOf(host)] = host
	}
	for _, key := range change.RemovedHosts {
		after[key] = ir.Host{}
	}
	for key, host := range after {
		before, now := w.untouched(w.hosts[key], host, touched)
		if len(before) != len(now) {
			found = append(found, fmt.Sprintf("host %v: %d routes of others, before %d", key, len(now), len(before)))
			continue
		}
		for i := range now {
			if !reflect.DeepEqual(before[i], now[i]) {
				found = append(found, fmt.Sprintf("host %v: %+v was %+v", key, now[i], before[i]))
				break
			}
		}
	}
	return found
}

// sliced says whether an EndpointSlice is among what was touched: it may be of any Service.
func (w *world) sliced(touched map[string]bool) bool {
	for key := range touched {
		if len(key) > 13 && key[:13] == "EndpointSlice" {
			return true
		}
	}
	return false
}

// untouched gives those routes of a host, before and after, that have nothing to do with what was touched.
func (w *world) untouched(before, after ir.Host, touched map[string]bool) (was, is []ir.Route) {
	concerned, failing := map[string]bool{}, map[string]int{}
	for _, routes := range [][]ir.Route{before.Routes, after.Routes} {
		for _, route := range routes {
			// The routes by a model's name are those of all services.
			concerned[route.Name] = concerned[route.Name] || touched[route.Object.String()] || route.Object.Namespace == plan.ByNameNamespace || leadsTo(w, route, touched)
			// One that leads nowhere, before and after, may say so of other Services.
			if route.Respond != nil && route.Respond.Status == 500 {
				failing[route.Name]++
			}
			concerned[route.Name] = concerned[route.Name] || failing[route.Name] == 2
		}
	}
	for _, route := range before.Routes {
		if !concerned[route.Name] {
			was = append(was, route)
		}
	}
	for _, route := range after.Routes {
		if !concerned[route.Name] {
			is = append(is, route)
		}
	}
	return was, is
}

func leadsTo(w *world, route ir.Route, touched map[string]bool) bool {
	if route.Forward == nil {
		return false
	}
	for _, share := range route.Forward.Backends {
		// One that leads nowhere may have come to.
		if backend, known := w.backends[share.Backend]; !known || touched[backend.Object.String()] {
			return true
		}
	}
	for _, mirror := range route.Forward.Mirrors {
		if backend, known := w.backends[mirror.Backend]; !known || touched[backend.Object.String()] {
			return true
		}
	}
	return false
}
