package translate

import (
	"slices"
	"testing"
)

func TestIntersectTakesTheNarrowerHostname(t *testing.T) {
	t.Parallel()
	tests := []struct {
		listener, route, want string // want "" means no intersection
	}{
		{"*", "*", "*"},
		{"*", "a.example.com", "a.example.com"},
		{"*", "*.example.com", "*.example.com"},
		{"a.example.com", "*", "a.example.com"},
		{"a.example.com", "a.example.com", "a.example.com"},
		{"a.example.com", "*.example.com", "a.example.com"},
		{"a.example.com", "b.example.com", ""},
		{"*.example.com", "a.example.com", "a.example.com"},
		{"*.example.com", "a.b.example.com", "a.b.example.com"},
		{"*.example.com", "example.com", ""},
		{"*.example.com", "badexample.com", ""},
		{"*.example.com", "*.b.example.com", "*.b.example.com"},
		{"*.b.example.com", "*.example.com", "*.b.example.com"},
		{"*.b.example.com", "*.c.example.com", ""},
		{"*.example.com", "*", "*.example.com"},
	}
	for _, test := range tests {
		got, ok := intersect(test.listener, test.route)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("intersect(%q, %q) = %q, %v; want %q", test.listener, test.route, got, ok, test.want)
		}
	}
}

func TestWiderHostnames(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"a.b.example.com": {"a.b.example.com", "*.b.example.com", "*.example.com", "*.com", "*"},
		"*.b.example.com": {"*.b.example.com", "*.example.com", "*.com", "*"},
		"localhost":       {"localhost", "*"},
		"*":               {"*"},
	}
	for host, want := range tests {
		if got := wider(host); !slices.Equal(got, want) {
			t.Errorf("wider(%q) = %q, want %q", host, got, want)
		}
	}
}

func TestParseHostname(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{"A.Example.COM": "a.example.com", "*.X.y": "*.x.y", "localhost": "localhost"} {
		if got, wrong := parseHostname(written); got != want || wrong != "" {
			t.Errorf("parseHostname(%q) = %q, %q; want %q", written, got, wrong, want)
		}
	}
	for _, written := range []string{"", "*", "a.*.b", "*.", "127.0.0.1", "::1", "a:80", "a b", "a..b", "-a", "http://a"} {
		if got, wrong := parseHostname(written); wrong == "" {
			t.Errorf("parseHostname(%q) = %q, want a complaint", written, got)
		}
	}
}
