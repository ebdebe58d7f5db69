package translate

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/xds/ir"
)

// backendKey is a destination that a route names: a Service's port, and what is spoken there.
type backendKey struct {
	service types.NamespacedName
	port    int32
	// forceH2C is set where a GRPCRoute leads to a port that says nothing of HTTP/2: gRPC needs it.
	forceH2C bool
}

// name is the [ir.Backend]'s.
func (k backendKey) name() string {
	name := k.service.Namespace + "/" + k.service.Name + "/" + strconv.Itoa(int(k.port))
	if k.forceH2C {
		name += "/h2c"
	}
	return name
}

// translateBackend gives a destination with the endpoints that the Service's slices list for its port.
// The key's Service and port exist: a route that names others never gets as far as a backend.
func translateBackend(key backendKey, service *corev1.Service, all map[string]*discoveryv1.EndpointSlice) ir.Backend {
	backend := ir.Backend{
		Name:   key.name(),
		Object: ir.Ref{Kind: "Service", Namespace: key.service.Namespace, Name: key.service.Name},
	}
	port, ok := servicePort(service, key.port)
	if !ok {
		return backend
	}
	backend.Protocol, _ = portProtocol(port)
	if key.forceH2C {
		backend.Protocol = ir.H2C
	}
	draining := map[netip.AddrPort]bool{}
	for _, slice := range all {
		collectEndpoints(slice, port.Name, draining)
	}
	for at, leaves := range draining {
		backend.Endpoints = append(backend.Endpoints, ir.Endpoint{Address: at.Addr().String(), Port: at.Port(), Draining: leaves})
	}
	slices.SortFunc(backend.Endpoints, func(a, b ir.Endpoint) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), cmp.Compare(a.Port, b.Port))
	})
	return backend
}

// servicePort finds a TCP port of a Service by its number.
func servicePort(service *corev1.Service, number int32) (corev1.ServicePort, bool) {
	if service == nil {
		return corev1.ServicePort{}, false
	}
	for _, port := range service.Spec.Ports {
		if port.Port == number && (port.Protocol == "" || port.Protocol == corev1.ProtocolTCP) {
			return port, true
		}
	}
	return corev1.ServicePort{}, false
}

// portProtocol says what a port speaks: by its appProtocol, else by its name as KServe reads it. It is not
// ok where the port wants TLS, which no backend is spoken to with yet.
func portProtocol(port corev1.ServicePort) (protocol ir.Protocol, ok bool) {
	if port.AppProtocol != nil {
		switch strings.ToLower(*port.AppProtocol) {
		case "kubernetes.io/h2c", "grpc", "h2c":
			return ir.H2C, true
		case "https", "tls", "kubernetes.io/wss":
			return ir.HTTP1, false
		}
	}
	name := strings.ToLower(port.Name)
	if strings.Contains(name, "grpc") || strings.Contains(name, "h2c") {
		return ir.H2C, true
	}
	return ir.HTTP1, true
}

// collectEndpoints adds a slice's endpoints for the port of that name: the value is whether it drains.
// An address that two slices list drains only if both say so, as it does while a pod moves between slices.
func collectEndpoints(slice *discoveryv1.EndpointSlice, portName string, draining map[netip.AddrPort]bool) {
	if slice.AddressType == discoveryv1.AddressTypeFQDN {
		return
	}
	for _, port := range slice.Ports {
		if !endpointPortMatches(port, portName) {
			continue
		}
		for _, endpoint := range slice.Endpoints {
			leaves, listed := endpointState(endpoint.Conditions)
			if !listed {
				continue
			}
			for _, written := range endpoint.Addresses {
				address, err := netip.ParseAddr(written)
				if err != nil || address.Zone() != "" {
					continue
				}
				at := netip.AddrPortFrom(address.Unmap(), uint16(*port.Port))
				before, seen := draining[at]
				draining[at] = leaves && (!seen || before)
			}
		}
	}
}

// endpointPortMatches says whether a slice's port is the Service port of that name and can be reached by TCP.
func endpointPortMatches(port discoveryv1.EndpointPort, name string) bool {
	if port.Protocol != nil && *port.Protocol != corev1.ProtocolTCP {
		return false
	}
	if port.Port == nil || *port.Port < 1 || *port.Port > 65535 {
		return false
	}
	return (port.Name == nil && name == "") || (port.Name != nil && *port.Name == name)
}

// endpointState says whether an endpoint is listed and, if so, whether it gets no new requests. Absent
// conditions read as the EndpointConditions' documentation says: ready unless it says no.
func endpointState(c discoveryv1.EndpointConditions) (draining, listed bool) {
	ready := c.Ready == nil || *c.Ready
	if c.Terminating != nil && *c.Terminating {
		serving := ready
		if c.Serving != nil {
			serving = *c.Serving
		}
		return true, serving
	}
	return false, ready
}
