package translate

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPrecedenceOrdersMatches lists matches in the order that the Gateway API gives them: each differs from the
// one after it in a single criterion, and has the worse value in all that follow.
func TestPrecedenceOrdersMatches(t *testing.T) {
	t.Parallel()
	early, late := time.Unix(100, 0), time.Unix(200, 0)
	want := []precedence{
		{pathRank: rankExact, anyMethod: true, created: late, route: "z/z", rule: 9},
		{pathRank: rankPrefix, pathLength: 9, anyMethod: true, created: late, route: "z/z", rule: 9},
		{pathRank: rankPrefix, pathLength: 5, headers: 0, query: 0, created: late, route: "z/z", rule: 9},
		{pathRank: rankPrefix, pathLength: 5, anyMethod: true, headers: 3, query: 0, created: late, route: "z/z", rule: 9},
		{pathRank: rankPrefix, pathLength: 5, anyMethod: true, headers: 2, query: 2, created: late, route: "z/z", rule: 9},
		{pathRank: rankPrefix, pathLength: 5, anyMethod: true, headers: 2, query: 1, created: early, route: "z/z", rule: 9},
		{pathRank: rankPrefix, pathLength: 5, anyMethod: true, headers: 2, query: 1, created: late, route: "a/b", kind: "HTTPRoute", rule: 9},
		{pathRank: rankPrefix, pathLength: 5, anyMethod: true, headers: 2, query: 1, created: late, route: "b/a", kind: "GRPCRoute", rule: 9},
		{pathRank: rankPrefix, pathLength: 5, anyMethod: true, headers: 2, query: 1, created: late, route: "b/a", kind: "HTTPRoute", rule: 0, match: 5},
		{pathRank: rankPrefix, pathLength: 5, anyMethod: true, headers: 2, query: 1, created: late, route: "b/a", kind: "HTTPRoute", rule: 1, match: 0},
		{pathRank: rankPrefix, pathLength: 5, anyMethod: true, headers: 2, query: 1, created: late, route: "b/a", kind: "HTTPRoute", rule: 1, match: 1},
		{pathRank: rankRegex, anyMethod: false, headers: 9, created: early, route: "a/a"},
		{pathRank: rankAnyMethod, anyMethod: true, headers: 9, created: early, route: "a/a"},
	}
	for seed := range uint64(20) {
		got := slices.Clone(want)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		slices.SortFunc(got, precedence.compare)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(precedence{})); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}
