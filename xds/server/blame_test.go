package server

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, name string
		want       bool
	}{
		{"Error adding/updating cluster(s) a/b: broken", "a/b", true},
		{"Error adding/updating cluster(s) a/b-2: broken", "a/b", false},
		{"Error adding/updating cluster(s) x/a/b: broken", "a/b", false},
		{"first a/b-2, then a/b.", "a/b", true},
		{"l/iris.example.com: no", "l/iris.example", false},
		{"listener 'l/*' is bad", "l/*", true},
		{"", "a", false},
	} {
		if got := mentions(c.text, c.name); got != c.want {
			t.Errorf("%q mentions %q: %t", c.text, c.name, got)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		reason string
		want   [][]string
	}{
		{"nobody is named", [][]string{{"a", "b"}, {"c", "d"}}},
		{"b: invalid", [][]string{{"a", "c", "d"}, {"b"}}},
		{"a, b, c and d", [][]string{{"a", "b"}, {"c", "d"}}},
	} {
		if diff := cmp.Diff(c.want, split([]string{"a", "b", "c", "d"}, c.reason)); diff != "" {
			t.Errorf("%s: %s", c.reason, diff)
		}
	}
}
