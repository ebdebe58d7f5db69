package standalone

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// recoverWithin bounds how long the first publication waits to hear what Envoy has.
const recoverWithin = 10 * time.Second

// recoverRun takes up what the run before has left because it was killed: the pods that the engine has adopted, and the
// endpoints that Envoy has, which may have requests in flight although no manifest asks for them any more. It comes before
// anything is planned.
func (l *loop) recoverRun(ctx context.Context) {
	l.observe()
	if !l.traffic.Running() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, recoverWithin)
	defer cancel()
	active, err := l.traffic.ActiveRequests(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		l.logger.Warn("Envoy does not answer; requests that it has in flight to what no manifest asks for any more may be cut", "waited", recoverWithin, "error", err)
		return
	case err != nil: // an Envoy that has only been started doesn't answer yet, and has nothing
		l.logger.Debug("Envoy does not tell what it has", "error", err)
		return
	}
	var keys []envoy.Key
	for _, backend := range slices.Sorted(maps.Keys(active)) {
		l.routing.lingering.recover(backend, slices.Sorted(maps.Keys(active[backend])))
		keys = append(keys, envoy.Key{TypeURL: envoy.ClusterType, Name: backend}, envoy.Key{TypeURL: envoy.EndpointType, Name: backend})
	}
	l.envoys.Retain(keys)
}

// retire ends, once, what was adopted and no manifest asks for. It waits until no manifest is broken or unreadable: whose
// services those are can't be told, and their replicas are taken up again when they are mended.
func (l *loop) retire() {
	if l.retired || l.inventory.doubtful() {
		return
	}
	l.retired = true
	l.engine.Retire()
}

// doubtful says whether a manifest or a directory can't be read or parsed, or holds what is refused.
func (v *inventory) doubtful() bool {
	for _, file := range v.files {
		if !file.model && len(file.problems) > 0 {
			return true
		}
	}
	return false
}

// observeAdopted gives a service that has not been planned yet the status of its adopted Deployments, so that it is planned as
// it stands and not as if it began.
func (l *loop) observeAdopted(s *service) {
	for deployment := range l.pods.byService[s.name] {
		if s.observed == nil {
			s.observed = map[string]appsv1.DeploymentStatus{}
		}
		s.observed[deployment.Name] = l.pods.status(deployment)
	}
}

// recover notes what Envoy has from the run before. Of such a backend only the endpoints ("address:port") are known: Envoy
// keeps the rest of it, see [server.Server.Retain].
func (l *lingering) recover(backend string, endpoints []string) {
	known := ir.Backend{Name: backend}
	for _, endpoint := range endpoints {
		host, text, err := net.SplitHostPort(endpoint)
		if err != nil {
			continue
		}
		if port, err := strconv.ParseUint(text, 10, 16); err == nil {
			known.Endpoints = append(known.Endpoints, ir.Endpoint{Address: host, Port: uint16(port)})
		}
	}
	l.tell(backend, &known)
	l.recovered[backend] = true
}

// unplanned gives the recovered backends that nothing has asked for. Their endpoints linger if alive says that a process
// still answers there.
func (l *lingering) unplanned(alive func(endpointKey) bool) []string {
	if l.surveyed {
		return nil
	}
	l.surveyed = true
	var names []string
	for name := range l.recovered {
		if _, planned := l.planned[name]; !planned {
			l.keep(name, nil, alive)
			names = append(names, name)
		}
	}
	return names
}

// touchUnplanned has the recovered backends that nothing asks for published anew. It comes once everything is planned for the
// first time.
func (r *routing) touchUnplanned(alive func(endpointKey) bool) {
	for _, name := range r.lingering.unplanned(alive) {
		r.touch(name)
	}
}
