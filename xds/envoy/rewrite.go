package envoy

import (
	"regexp"
	"strings"

	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/sluice-serving/sluice/xds/ir"
)

// pathChange is a rewrite in Envoy's form; at most one field is set.
type pathChange struct {
	prefix string
	regex  *matcher.RegexMatchAndSubstitute
}

// replacePrefix exchanges the prefix that m matched, by whole path elements. Envoy exchanges bytes, so that the
// two cases in which one side is the empty prefix need care: "/a" → "/" must turn "/a/b" into "/b" and not
// "//b", and "/" → "/x" must turn "/b" into "/x/b" and not "/xb".
func replacePrefix(m ir.Path, replacement string) pathChange {
	if m.Kind != ir.PathPrefix {
		return pathChange{}
	}
	from, to := trimSlash(m.Value), trimSlash(replacement)
	switch {
	case from == "" && to == "":
		return pathChange{}
	case from == "":
		return pathChange{prefix: to + "/"}
	case to == "":
		return pathChange{regex: substitute("^"+regexp.QuoteMeta(from)+"/*", "/")}
	default:
		return pathChange{prefix: to}
	}
}

// replacePath exchanges the whole path and keeps the query.
func replacePath(replacement string) pathChange {
	return pathChange{regex: substitute("^/.*$", replacement)}
}

// substitute replaces what pattern matches by a literal text.
func substitute(pattern, text string) *matcher.RegexMatchAndSubstitute {
	return &matcher.RegexMatchAndSubstitute{
		Pattern:      &matcher.RegexMatcher{Regex: pattern},
		Substitution: strings.ReplaceAll(text, `\`, `\\`),
	}
}
