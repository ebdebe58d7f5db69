package envoy

import (
	"regexp/syntax"
	"strings"
)

// plainKind says which text a path is compared with in place of an expression.
type plainKind int

const (
	noPlainPath plainKind = iota
	// wholePath is the path itself, without the query.
	wholePath
	// pathBeginning is followed by anything.
	pathBeginning
)

// plainPath gives the text that says the same as an expression over a whole path, if there is one: "/a" for "^/a$", and
// the beginning "/a/" for "/a/.*". A path has no line feed, which is all that a dot leaves out.
func plainPath(expression string) (text string, kind plainKind) {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return "", noPlainPath
	}
	parts := []*syntax.Regexp{parsed}
	if parsed.Op == syntax.OpConcat {
		parts = parsed.Sub
	}
	if len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		parts = parts[1:]
	}
	if len(parts) > 0 && parts[len(parts)-1].Op == syntax.OpEndText {
		parts = parts[:len(parts)-1]
	}
	if len(parts) == 0 || len(parts) > 2 || parts[0].Op != syntax.OpLiteral || parts[0].Flags&syntax.FoldCase != 0 {
		return "", noPlainPath
	}
	text = string(parts[0].Rune)
	switch {
	// A fragment or a query is no part of a path, and Envoy refuses to look for them.
	case !strings.HasPrefix(text, "/") || strings.ContainsAny(text, "?#"):
		return "", noPlainPath
	case len(parts) == 1:
		return text, wholePath
	case anything(parts[1]):
		return text, pathBeginning
	}
	return "", noPlainPath
}

// anything says whether an expression matches every text without a line feed, the empty one too.
func anything(r *syntax.Regexp) bool {
	return r.Op == syntax.OpStar && (r.Sub[0].Op == syntax.OpAnyCharNotNL || r.Sub[0].Op == syntax.OpAnyChar)
}
