package translate

import (
	"cmp"
	"strings"
	"time"

	"github.com/sluice-serving/sluice/xds/ir"
)

// Path ranks, from what is tried first. The Gateway API leaves the place of regular expressions open: they
// come after every prefix. A GRPCRoute without a method matches any path and comes last of all.
const (
	rankExact = iota
	rankPrefix
	rankRegex
	rankAnyMethod
)

// precedence is what the Gateway API orders matches by (HTTPRouteRule.matches), beginning with its first
// field. Hostnames stand above all of these and need no place here: each host has a list of its own.
type precedence struct {
	pathRank   int
	pathLength int
	anyMethod  bool
	headers    int
	query      int
	created    time.Time
	route      string // "namespace/name"
	kind       string
	rule       int
	match      int
}

// compare orders a before b when it gives a negative number. Two matches of one host are never equal.
func (a precedence) compare(b precedence) int {
	return cmp.Or(
		cmp.Compare(a.pathRank, b.pathRank),
		cmp.Compare(b.pathLength, a.pathLength),
		compareBool(a.anyMethod, b.anyMethod),
		cmp.Compare(b.headers, a.headers),
		cmp.Compare(b.query, a.query),
		a.created.Compare(b.created),
		strings.Compare(a.route, b.route),
		strings.Compare(a.kind, b.kind),
		cmp.Compare(a.rule, b.rule),
		cmp.Compare(a.match, b.match),
	)
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// rankPath gives the first two fields of a [precedence]. Only prefixes are ordered by their length: two
// exact paths of different lengths never meet, and the length of an expression says nothing.
func rankPath(p ir.Path) (rank, length int) {
	switch p.Kind {
	case ir.PathExact:
		return rankExact, 0
	case ir.PathPrefix:
		return rankPrefix, len(p.Value)
	default:
		return rankRegex, 0
	}
}
