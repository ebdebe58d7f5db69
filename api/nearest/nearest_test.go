package nearest

import (
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	t.Parallel()
	fields := []string{"containers", "initContainers", "model", "minReplicas", "maxReplicas", "name"}
	services := []string{"iris", "digits", "iris-canary"}
	for _, c := range []struct {
		wrong string
		known []string
		want  string
	}{
		{"container", fields, "containers"},
		{"minreplicas", fields, "minReplicas"},
		{"maxReplica", fields, "maxReplicas"},
		{"modle", fields, "model"},
		{"nmae", fields, "name"},
		{"zzz", fields, ""},
		{"x", fields, ""},
		{"", fields, ""},
		{"irs", services, "iris"},
		{"digit", services, "digits"},
		{"zebra", services, ""},
		{"iris-canry", services, "iris-canary"},
		{"iris", nil, ""},
		{strings.Repeat("a", 1000), []string{strings.Repeat("a", 999)}, ""},
	} {
		if got := Name(c.wrong, c.known); got != c.want {
			t.Errorf("Name(%q) = %q, want %q", c.wrong, got, c.want)
		}
	}
}
