package standalone

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/plan"
)

// byName keeps the routes of plain localhost, by the model's name in the path.
type byName struct {
	// stale are the names whose services have been planned anew.
	stale map[string]bool
	// objects are those made for each name, and for [sluicev1alpha1.AnyModel].
	objects map[string]map[objectKey]bool
	// names are those that lead anywhere, sorted; unready are the services behind them that are not ready, sorted by name.
	names   []string
	unready []types.NamespacedName
	// outdated says that the index tells of other names or services.
	outdated bool
}

func newByName() *byName {
	return &byName{stale: map[string]bool{}, objects: map[string]map[objectKey]bool{}, outdated: true}
}

// routeByName brings the routes by name to the plans of the services whose names are stale.
func (l *loop) routeByName() {
	stale := l.byName.stale
	l.byName.stale = map[string]bool{}
	for name := range stale {
		var inputs []plan.ByNameInput
		for key := range l.namesakes[name] {
			s := l.services[key]
			inputs = append(inputs, plan.ByNameInput{
				Namespace: key.Namespace, Name: key.Name,
				Route: topRoute(s), Responses: s.result.DirectResponses, Ready: s.status.IsReady(),
			})
		}
		routes, responses := plan.ByName(inputs, l.driver.options.Hosts)
		l.setByName(name, routes, responses)
		l.byName.note(name, inputs)
	}
	if !l.byName.outdated {
		return
	}
	l.byName.outdated = false
	routes, responses := plan.ModelIndex(l.byName.models(), l.driver.options.Version, l.driver.options.Hosts)
	l.setByName(sluicev1alpha1.AnyModel, routes, responses)
}

// setByName puts the objects of one name in the place of those before.
func (l *loop) setByName(name string, routes []gatewayv1.HTTPRoute, responses []sluicev1alpha1.DirectResponse) {
	next := map[objectKey]bool{}
	for i := range responses {
		next[keyOfObject(&responses[i])] = true
		l.routing.set(planned, &responses[i])
	}
	for i := range routes {
		next[keyOfObject(&routes[i])] = true
		l.routing.set(planned, &routes[i])
	}
	for key := range l.byName.objects[name] {
		if !next[key] {
			l.routing.delete(planned, key)
		}
	}
	if l.byName.objects[name] = next; len(next) == 0 {
		delete(l.byName.objects, name)
	}
}

// note brings the lists to the services of one name.
func (b *byName) note(name string, services []plan.ByNameInput) {
	routed := slices.ContainsFunc(services, func(s plan.ByNameInput) bool { return s.Route != nil })
	at, listed := slices.BinarySearch(b.names, name)
	switch {
	case routed && !listed:
		b.names, b.outdated = slices.Insert(b.names, at, name), true
	case !routed && listed:
		b.names, b.outdated = slices.Delete(b.names, at, at+1), true
	}
	var unready []types.NamespacedName
	for _, s := range services {
		if s.Route != nil && !s.Ready {
			unready = append(unready, types.NamespacedName{Namespace: s.Namespace, Name: s.Name})
		}
	}
	slices.SortFunc(unready, compareByName)
	from, _ := slices.BinarySearchFunc(b.unready, name, func(k types.NamespacedName, name string) int { return strings.Compare(k.Name, name) })
	to := from
	for to < len(b.unready) && b.unready[to].Name == name {
		to++
	}
	if !slices.Equal(b.unready[from:to], unready) {
		b.unready, b.outdated = slices.Replace(b.unready, from, to, unready...), true
	}
}

func compareByName(a, b types.NamespacedName) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Namespace, b.Namespace))
}

// models are what the index tells of.
func (b *byName) models() plan.Models {
	models := plan.Models{Count: len(b.names), UnreadyCount: len(b.unready)}
	models.Names = slices.Clone(b.names[:min(len(b.names), plan.MaxListed)])
	for _, key := range b.unready[:min(len(b.unready), plan.MaxListed)] {
		models.Unready = append(models.Unready, key.String())
	}
	return models
}

// topRoute is the service's route that leads to the whole of it: the one that bears its name.
func topRoute(s *service) *gatewayv1.HTTPRoute {
	for i := range s.result.HTTPRoutes {
		if s.result.HTTPRoutes[i].Name == s.name.Name {
			return &s.result.HTTPRoutes[i]
		}
	}
	return nil
}
