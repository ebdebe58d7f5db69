package manifest

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxShown bounds how much of a value is shown, in bytes.
const maxShown = 60

// shown is a scalar's value for a message, or [redacted] where it may be secret.
func (c *checker) shown(n *node, path *field.Path) string {
	if c.hides(path) {
		return "[redacted]"
	}
	raw := n.raw
	if n.kind == list || n.kind == object {
		return n.kind.String()
	}
	if len(raw) > maxShown {
		raw = strings.ToValidUTF8(raw[:maxShown], "") + "…"
	}
	if n.kind == text {
		return fmt.Sprintf("%q", raw)
	}
	return raw
}

// hides says whether values at a path may be secret: those of a Secret, of environment variables and headers,
// and of annotations, where kubectl keeps whole objects.
func (c *checker) hides(path *field.Path) bool {
	if c.secret || path == nil {
		return c.secret
	}
	segments := segmentsOf(path.String())
	if len(segments) > 1 && segments[len(segments)-2] == "annotations" {
		return true
	}
	if segments[len(segments)-1] == "inline" {
		return true // a key set
	}
	return segments[len(segments)-1] == "value" && slices.ContainsFunc(segments, func(s string) bool {
		return s == "env" || s == "httpHeaders" || s == "headers" || s == "set" || s == "add"
	})
}
