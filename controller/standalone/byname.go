package standalone

import (
	"maps"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/controller/plan"
)

// routeByName brings the routes of plain localhost, by the model's name in the path, to the services' plans.
func (l *loop) routeByName() {
	var inputs []plan.ByNameInput
	for _, name := range slices.SortedFunc(maps.Keys(l.services), compareNames) {
		s := l.services[name]
		inputs = append(inputs, plan.ByNameInput{
			Namespace: name.Namespace, Name: name.Name,
			Route: topRoute(s), Responses: s.result.DirectResponses, Ready: s.status.IsReady(),
		})
	}
	routes, responses := plan.ByName(inputs, l.driver.options.Version)
	next := map[objectKey]bool{}
	for i := range responses {
		next[keyOfObject(&responses[i])] = true
		l.routing.set(planned, &responses[i])
	}
	for i := range routes {
		next[keyOfObject(&routes[i])] = true
		l.routing.set(planned, &routes[i])
	}
	for key := range l.byName {
		if !next[key] {
			l.routing.delete(planned, key)
		}
	}
	l.byName = next
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
