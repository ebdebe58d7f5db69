package standalone

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/xds/ir"
)

func backend(name string, endpoints ...ir.Endpoint) ir.Backend {
	return ir.Backend{Name: name, Protocol: ir.HTTP1, Endpoints: endpoints}
}

func at(port uint16) ir.Endpoint { return ir.Endpoint{Address: "127.0.0.1", Port: port} }

func leaving(port uint16) ir.Endpoint {
	return ir.Endpoint{Address: "127.0.0.1", Port: port, Draining: true}
}

func everyone(endpointKey) bool { return true }
func nobody(endpointKey) bool   { return false }

func TestEndpointThatLeavesDrainsUntilReleased(t *testing.T) {
	t.Parallel()
	l := newLingering()
	l.plan([]ir.Backend{backend("b", at(1), at(2))}, nil, everyone)
	l.publish([]string{"b"})

	l.plan([]ir.Backend{backend("b", at(2))}, nil, everyone)
	set, _ := l.publish([]string{"b"})
	if diff := cmp.Diff([]ir.Backend{backend("b", leaving(1), at(2))}, set); diff != "" {
		t.Errorf("while it drains (-want +got):\n%s", diff)
	}
	if !l.draining["b"][keyOf(at(1))] {
		t.Error("the endpoint that left isn't held")
	}

	l.release("b", keyOf(at(1)))
	set, _ = l.publish([]string{"b"})
	if diff := cmp.Diff([]ir.Backend{backend("b", at(2))}, set); diff != "" {
		t.Errorf("after its release (-want +got):\n%s", diff)
	}
}

func TestEndpointOfADeadProcessLeavesAtOnce(t *testing.T) {
	t.Parallel()
	l := newLingering()
	l.plan([]ir.Backend{backend("b", at(1), at(2))}, nil, everyone)
	l.publish([]string{"b"})

	l.plan([]ir.Backend{backend("b", at(2))}, nil, nobody)
	set, _ := l.publish([]string{"b"})
	if diff := cmp.Diff([]ir.Backend{backend("b", at(2))}, set); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBackendThatGoesStaysForItsRequests(t *testing.T) {
	t.Parallel()
	l := newLingering()
	l.plan([]ir.Backend{backend("b", at(1))}, nil, everyone)
	l.publish([]string{"b"})

	l.plan(nil, []string{"b"}, everyone)
	set, removed := l.publish([]string{"b"})
	// Not draining: until Envoy has the new routes, the old ones still lead there.
	if diff := cmp.Diff([]ir.Backend{backend("b", at(1))}, set); diff != "" || removed != nil {
		t.Errorf("while it has requests: removed %v (-want +got):\n%s", removed, diff)
	}

	l.release("b", keyOf(at(1)))
	set, removed = l.publish([]string{"b"})
	if set != nil || len(removed) != 1 {
		t.Errorf("after its release: set %v, removed %v", set, removed)
	}
}

func TestEndpointThatComesBackIsNotDraining(t *testing.T) {
	t.Parallel()
	l := newLingering()
	l.plan([]ir.Backend{backend("b", at(1))}, nil, everyone)
	l.publish([]string{"b"})
	l.plan([]ir.Backend{backend("b")}, nil, everyone)
	l.publish([]string{"b"})

	l.plan([]ir.Backend{backend("b", at(1))}, nil, everyone)
	set, _ := l.publish([]string{"b"})
	if diff := cmp.Diff([]ir.Backend{backend("b", at(1))}, set); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if l.draining["b"][keyOf(at(1))] {
		t.Error("an endpoint that is listed again is still held for draining")
	}
}
