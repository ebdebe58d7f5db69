package stats

import "strings"

// Reason says why Envoy answered by itself, in a word that a label of a metric can be.
type Reason string

// The reasons. Those of limits are named as the flags that set them.
const (
	MaxRequests        Reason = "max_requests"
	MaxBackendRequests Reason = "max_backend_requests"
	MaxBodyBytes       Reason = "max_body_bytes"
	MaxMemory          Reason = "max_memory"
	// Headers are too large, too many or too slow.
	Headers Reason = "headers"
	// Malformed is a request or a path that is none.
	Malformed Reason = "malformed"
	// Access is a request without the key or token that its route asks for.
	Access Reason = "access"
	// NoRoute is a host or path that nothing is routed to; so is an answer that a route gives by itself.
	NoRoute Reason = "no_route"
	// NoEndpoint is a service with nothing to send to.
	NoEndpoint Reason = "no_endpoint"
	// Other is everything else.
	Other Reason = "other"
)

// reasonOf reads Envoy's response code details. They are open-ended, so that they can't be a label themselves.
func reasonOf(details, flags string) Reason {
	if strings.Contains(flags, overflow) {
		return MaxBackendRequests
	}
	switch details {
	case "reached_concurrency_limit":
		return MaxRequests
	case "request_payload_too_large":
		return MaxBodyBytes
	case "overload":
		return MaxMemory
	case "request_header_timeout":
		return Headers
	case "route_not_found", "direct_response":
		return NoRoute
	case "no_healthy_upstream", "cluster_not_found":
		return NoEndpoint
	}
	for _, kind := range []struct {
		part   string
		reason Reason
	}{
		{"headers_too_large", Headers}, {"headers_count_exceeds", Headers}, {"too_many_headers", Headers},
		{"api_key", Access}, {"jwt_authn", Access},
		{"path_normalization_failed", Malformed}, {"http1.", Malformed}, {"http2.", Malformed}, {"missing_host_header", Malformed},
	} {
		if strings.Contains(details, kind.part) {
			return kind.reason
		}
	}
	return Other
}
