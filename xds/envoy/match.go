package envoy

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/sluice-serving/sluice/xds/ir"
)

func match(m ir.Match) *routev3.RouteMatch {
	rm := new(routev3.RouteMatch)
	setPath(rm, m.Path)
	if m.Method != "" {
		rm.Headers = append(rm.Headers, header(ir.ValueMatch{Name: ":method", Value: m.Method}))
	}
	for _, h := range m.Headers {
		rm.Headers = append(rm.Headers, header(h))
	}
	for _, q := range m.Query {
		rm.QueryParameters = append(rm.QueryParameters, &routev3.QueryParameterMatcher{
			Name: q.Name,
			QueryParameterMatchSpecifier: &routev3.QueryParameterMatcher_StringMatch{
				StringMatch: stringMatch(q),
			},
		})
	}
	return rm
}

// setPath translates the path condition. Envoy's expressions are compared with the whole path, so they are
// anchored as they stand. Its separated prefix can't be "/", which a plain prefix expresses.
func setPath(rm *routev3.RouteMatch, p ir.Path) {
	switch p.Kind {
	case ir.PathExact:
		rm.PathSpecifier = &routev3.RouteMatch_Path{Path: p.Value}
	case ir.PathRegex:
		setExpression(rm, p.Value)
	case ir.PathPrefix:
		if prefix := trimSlash(p.Value); prefix != "" {
			rm.PathSpecifier = &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: prefix}
		} else {
			rm.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: "/"}
		}
	}
}

// setExpression compares text where that says what the expression says: every request is compared with its host's paths in
// turn, and most expressions are a beginning or a whole path.
func setExpression(rm *routev3.RouteMatch, expression string) {
	switch text, kind := plainPath(expression); kind {
	case wholePath:
		rm.PathSpecifier = &routev3.RouteMatch_Path{Path: text}
	case pathBeginning:
		rm.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: text}
	case noPlainPath:
		rm.PathSpecifier = &routev3.RouteMatch_SafeRegex{SafeRegex: &matcher.RegexMatcher{Regex: expression}}
	}
}

func header(m ir.ValueMatch) *routev3.HeaderMatcher {
	return &routev3.HeaderMatcher{
		Name:                 m.Name,
		HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: stringMatch(m)},
	}
}

func stringMatch(m ir.ValueMatch) *matcher.StringMatcher {
	if m.Regex {
		return &matcher.StringMatcher{MatchPattern: &matcher.StringMatcher_SafeRegex{
			SafeRegex: &matcher.RegexMatcher{Regex: m.Value},
		}}
	}
	return &matcher.StringMatcher{MatchPattern: &matcher.StringMatcher_Exact{Exact: m.Value}}
}

// trimSlash drops trailing slashes: "/a/" and "/a" are one prefix, and "/" is the empty one.
func trimSlash(path string) string { return strings.TrimRight(path, "/") }
