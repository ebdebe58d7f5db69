package translate

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// problem is why something is not served as written: a condition's reason and a message for the user.
type problem struct {
	reason  string
	message string
	// conflict is set on a listener that stands in another's place.
	conflict bool
}

// maxMessage bounds a condition's message, in bytes; the API server takes 32,768.
const maxMessage = 2048

// joinProblems makes one problem of several: the first one's reason, and every message once.
func joinProblems(all []problem) *problem {
	if len(all) == 0 {
		return nil
	}
	joined := all[0]
	var messages []string
	length := 0
	for _, p := range all {
		if length > maxMessage {
			break // the rest would be cut off, and there may be thousands
		}
		if !slices.Contains(messages, p.message) {
			messages = append(messages, p.message)
			length += len(p.message)
		}
	}
	joined.message = clip(strings.Join(messages, "; "))
	return &joined
}

// clip bounds a message.
func clip(message string) string {
	if len(message) > maxMessage {
		return strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	return message
}

// unsupported is what the user asked for and does not get: the route's Accepted condition says so.
func unsupported(format string, args ...any) problem {
	return problem{reason: string(gatewayv1.RouteReasonUnsupportedValue), message: fmt.Sprintf(format, args...)}
}

// problemf is [unsupported] for functions that find at most one.
func problemf(format string, args ...any) *problem {
	p := unsupported(format, args...)
	return &p
}

// within puts the field that holds them before each problem's message.
func within(problems []problem, format string, args ...any) []problem {
	field := fmt.Sprintf(format, args...)
	out := make([]problem, len(problems))
	for i, p := range problems {
		p.message = field + ": " + p.message
		out[i] = p
	}
	return out
}
