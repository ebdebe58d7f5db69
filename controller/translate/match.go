package translate

import (
	"fmt"
	"regexp"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/xds/ir"
)

const (
	// maxPath and maxValue are the API server's own bounds, in bytes, of a path and of a header's or a query
	// parameter's value.
	maxPath  = 1024
	maxValue = 4096
)

var (
	// pathForm is the API server's pattern of a path that is compared as text.
	pathForm = regexp.MustCompile(`^/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$`)
	// headerNameForm is RFC 9110's token.
	headerNameForm = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+\\-.^_\x60|~]{1,256}$")
)

// readPath gives a path condition; one that is absent matches every path.
func readPath(in *gatewayv1.HTTPPathMatch) (ir.Path, *problem) {
	if in == nil {
		return ir.Path{Kind: ir.PathPrefix, Value: "/"}, nil
	}
	value := valueOr(in.Value, "/")
	switch kind := valueOr(in.Type, gatewayv1.PathMatchPathPrefix); kind {
	case gatewayv1.PathMatchExact:
		return ir.Path{Kind: ir.PathExact, Value: value}, checkPath(value)
	case gatewayv1.PathMatchPathPrefix:
		return ir.Path{Kind: ir.PathPrefix, Value: trimPrefix(value)}, checkPath(value)
	case gatewayv1.PathMatchRegularExpression:
		return ir.Path{Kind: ir.PathRegex, Value: value}, checkRegex("path.value", value, maxPath)
	default:
		return ir.Path{}, problemf("path.type %q is not one of Exact, PathPrefix, RegularExpression", kind)
	}
}

// trimPrefix drops a prefix's last slash, which the Gateway API ignores.
func trimPrefix(prefix string) string {
	if trimmed := strings.TrimSuffix(prefix, "/"); trimmed != "" {
		return trimmed
	}
	return "/"
}

// checkPath holds a path to what the API server holds it to, since in standalone no API server has seen it.
func checkPath(path string) *problem {
	switch {
	case len(path) > maxPath:
		return problemf("path.value is longer than %d bytes", maxPath)
	case !pathForm.MatchString(path):
		return problemf("path.value %q does not begin with \"/\" or has a character that no path may have", path)
	case strings.Contains(path, "//"), strings.Contains(strings.ToLower(path), "%2f"):
		return problemf("path.value %q has an empty element or an encoded slash", path)
	}
	for _, element := range strings.Split(path, "/") {
		if element == "." || element == ".." {
			return problemf("path.value %q has the element %q", path, element)
		}
	}
	return nil
}

// valueMatch is a header's or a query parameter's condition as written.
type valueMatch struct {
	name, value string
	kind        gatewayv1.HeaderMatchType
}

// readHeaderMatches gives the conditions on headers. Of two on one name the first holds, as the Gateway API says.
func readHeaderMatches(in []valueMatch) ([]ir.ValueMatch, []problem) {
	var dropped []problem
	for i := range in {
		in[i].name = strings.ToLower(in[i].name)
		if strings.Contains(in[i].name, "_") {
			dropped = append(dropped, unsupported("headers[%d]: %q has an underscore, and the gateway drops clients' headers with one: use hyphens", i, in[i].name))
		}
	}
	out, problems := readValueMatches("headers", in, func(name string) bool { return headerNameForm.MatchString(name) })
	return out, append(dropped, problems...)
}

// readQueryMatches gives the conditions on query parameters, whose names have a case.
func readQueryMatches(in []valueMatch) ([]ir.ValueMatch, []problem) {
	return readValueMatches("queryParams", in, func(name string) bool {
		return name != "" && len(name) <= 256 && !hasControl(name)
	})
}

func readValueMatches(field string, in []valueMatch, validName func(string) bool) (out []ir.ValueMatch, problems []problem) {
	seen := map[string]bool{}
	for i, m := range in {
		at := fmt.Sprintf("%s[%d]", field, i)
		if !validName(m.name) {
			problems = append(problems, unsupported("%s: %q is not a valid name", at, m.name))
			continue
		}
		if seen[m.name] {
			continue
		}
		seen[m.name] = true
		wrong := checkValue(at, m)
		if wrong != nil {
			problems = append(problems, *wrong)
			continue
		}
		out = append(out, ir.ValueMatch{Name: m.name, Value: m.value, Regex: m.kind == gatewayv1.HeaderMatchRegularExpression})
	}
	return out, problems
}

func checkValue(at string, m valueMatch) *problem {
	switch m.kind {
	case gatewayv1.HeaderMatchExact:
		if len(m.value) > maxValue || hasControl(m.value) {
			return problemf("%s: the value is longer than %d bytes or has a control character", at, maxValue)
		}
		return nil
	case gatewayv1.HeaderMatchRegularExpression:
		return checkRegex(at, m.value, maxValue)
	default:
		return problemf("%s: type %q is not one of Exact, RegularExpression", at, m.kind)
	}
}

// hasControl says whether text has a character that would end a header or hide in one.
func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return (r < ' ' && r != '\t') || r == 0x7f })
}
