package translate

import (
	"strings"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/xds/ir"
)

// filterSet is what a rule's filters come to.
type filterSet struct {
	requestHeaders  *ir.HeaderChange
	responseHeaders *ir.HeaderChange
	rewrite         *ir.Rewrite
	mirrors         []ir.Mirror
	redirect        *ir.Redirect
	respond         *ir.Respond
	// unresolved says that a filter refers to an object that is not there: requests must then fail.
	unresolved bool
}

// filters reads a rule's filters. Their order does not matter: Envoy applies them in its own, which is the
// one that the Gateway API's examples have.
func (c *compiler) filters(r *rule) (filterSet, []problem) {
	var out filterSet
	var problems []problem
	seen := map[gatewayv1.HTTPRouteFilterType]bool{}
	for i := range r.filters {
		f := &r.filters[i]
		if seen[f.Type] && f.Type != gatewayv1.HTTPRouteFilterRequestMirror {
			problems = append(problems, unsupported("filters[%d]: %s is given twice", i, f.Type))
			continue
		}
		seen[f.Type] = true
		problems = append(problems, within(c.filter(f, r, &out), "filters[%d]", i)...)
	}
	return out, append(problems, checkTogether(&out)...)
}

// filter adds one filter to out.
func (c *compiler) filter(f *gatewayv1.HTTPRouteFilter, r *rule, out *filterSet) (problems []problem) {
	switch f.Type {
	case gatewayv1.HTTPRouteFilterRequestHeaderModifier:
		out.requestHeaders, problems = readHeaderChange(f.RequestHeaderModifier)
	case gatewayv1.HTTPRouteFilterResponseHeaderModifier:
		out.responseHeaders, problems = readHeaderChange(f.ResponseHeaderModifier)
	case gatewayv1.HTTPRouteFilterRequestRedirect:
		out.redirect, problems = readRedirect(f.RequestRedirect, r.prefixOnly)
	case gatewayv1.HTTPRouteFilterURLRewrite:
		out.rewrite, problems = readRewrite(f.URLRewrite, r.prefixOnly)
	case gatewayv1.HTTPRouteFilterRequestMirror:
		return c.mirror(f.RequestMirror, r.grpc, out)
	case gatewayv1.HTTPRouteFilterExtensionRef:
		return c.extension(f.ExtensionRef, out)
	default:
		problems = []problem{unsupported("%s is not supported", f.Type)}
	}
	return problems
}

// checkTogether refuses filters that can't both be served.
func checkTogether(set *filterSet) []problem {
	answer := ""
	switch {
	case set.redirect != nil && set.respond != nil:
		return []problem{incompatible("RequestRedirect and a DirectResponse both answer the request: leave one out")}
	case set.redirect != nil:
		answer = "RequestRedirect"
	case set.respond != nil:
		answer = "DirectResponse"
	default:
		return nil
	}
	var problems []problem
	if set.rewrite != nil {
		problems = append(problems, incompatible("URLRewrite can't stand beside %s, which forwards nothing: leave one out", answer))
	}
	if len(set.mirrors) > 0 {
		problems = append(problems, incompatible("RequestMirror can't stand beside %s: Envoy copies only requests that it forwards", answer))
	}
	return problems
}

func incompatible(format string, args ...any) problem {
	p := unsupported(format, args...)
	p.reason = string(gatewayv1.RouteReasonIncompatibleFilters)
	return p
}

// mirror adds a copy's destination. One that leads nowhere gets no copies, and requests go on.
func (c *compiler) mirror(in *gatewayv1.HTTPRequestMirrorFilter, grpc bool, out *filterSet) []problem {
	if in == nil {
		return []problem{unsupported("requestMirror is missing")}
	}
	numerator, denominator, wrong := mirrorShare(in)
	if wrong != nil {
		return []problem{*wrong}
	}
	key, missing := c.resolve(in.BackendRef, grpc)
	if missing != nil {
		c.unresolved = append(c.unresolved, *missing)
		return nil
	}
	if numerator == 0 {
		return nil
	}
	name := key.name()
	c.named[name] = key
	out.mirrors = append(out.mirrors, ir.Mirror{Backend: name, Numerator: numerator, Denominator: denominator})
	return nil
}

func mirrorShare(in *gatewayv1.HTTPRequestMirrorFilter) (numerator, denominator uint32, wrong *problem) {
	switch {
	case in.Percent != nil && in.Fraction != nil:
		return 0, 0, problemf("requestMirror: give percent or fraction, not both")
	case in.Percent != nil:
		if *in.Percent < 0 || *in.Percent > 100 {
			return 0, 0, problemf("requestMirror.percent %d is not between 0 and 100", *in.Percent)
		}
		return uint32(*in.Percent), 100, nil
	case in.Fraction != nil:
		of := valueOr(in.Fraction.Denominator, 100)
		if of < 1 || in.Fraction.Numerator < 0 || in.Fraction.Numerator > of {
			return 0, 0, problemf("requestMirror.fraction %d/%d is not between 0 and 1", in.Fraction.Numerator, of)
		}
		return uint32(in.Fraction.Numerator), uint32(of), nil
	}
	return 100, 100, nil
}

// extension adds the answer that an ExtensionRef names.
func (c *compiler) extension(in *gatewayv1.LocalObjectReference, out *filterSet) []problem {
	if in == nil {
		return []problem{unsupported("extensionRef is missing")}
	}
	if string(in.Group) != sluicev1alpha1.GroupVersion.Group || string(in.Kind) != sluicev1alpha1.KindDirectResponse {
		return []problem{unsupported("extensionRef to kind %q of group %q is not supported: kind %s of group %s is",
			in.Kind, in.Group, sluicev1alpha1.KindDirectResponse, sluicev1alpha1.GroupVersion.Group)}
	}
	name := types.NamespacedName{Namespace: c.route.key.name.Namespace, Name: string(in.Name)}
	c.uses.directResponses[name] = struct{}{}
	answer, ok := c.store.directResponses[name]
	if !ok {
		out.unresolved = true
		c.unresolved = append(c.unresolved, *unresolved(reasonFilterNotFound, "DirectResponse %s does not exist", name))
		return nil
	}
	spec := answer.Spec
	if spec.StatusCode < 200 || spec.StatusCode > 599 {
		return []problem{unsupported("DirectResponse %s: statusCode %d is not between 200 and 599", name, spec.StatusCode)}
	}
	if len(spec.ContentType) > maxValue || hasControl(spec.ContentType) {
		return []problem{unsupported("DirectResponse %s: contentType is longer than %d bytes or has a control character", name, maxValue)}
	}
	out.respond = &ir.Respond{Status: uint32(spec.StatusCode), ContentType: spec.ContentType, Body: spec.Body}
	return nil
}

// readRedirect gives a redirect; prefixOnly is the rule's.
func readRedirect(in *gatewayv1.HTTPRequestRedirectFilter, prefixOnly bool) (*ir.Redirect, []problem) {
	if in == nil {
		return nil, []problem{unsupported("requestRedirect is missing")}
	}
	var problems []problem
	status := valueOr(in.StatusCode, 302)
	out := &ir.Redirect{Status: uint32(status), Scheme: valueOr(in.Scheme, "")}
	switch status {
	case 301, 302, 303, 307, 308:
	default:
		problems = append(problems, unsupported("requestRedirect.statusCode %d is not one of 301, 302, 303, 307, 308", status))
	}
	switch out.Scheme {
	case "":
	case "http":
		out.Port = 80
	case "https":
		out.Port = 443
	default:
		problems = append(problems, unsupported("requestRedirect.scheme %q is not http or https", out.Scheme))
	}
	if in.Port != nil {
		if *in.Port < 1 || *in.Port > 65535 {
			problems = append(problems, unsupported("requestRedirect.port %d is not between 1 and 65535", *in.Port))
		}
		out.Port = uint32(*in.Port)
	}
	var wrong []problem
	out.Host, wrong = readTargetHost(in.Hostname)
	problems = append(problems, within(wrong, "requestRedirect")...)
	out.Path, out.Prefix, wrong = readPathModifier(in.Path, prefixOnly)
	return out, append(problems, within(wrong, "requestRedirect")...)
}

// readRewrite gives a rewrite; prefixOnly is the rule's.
func readRewrite(in *gatewayv1.HTTPURLRewriteFilter, prefixOnly bool) (*ir.Rewrite, []problem) {
	if in == nil {
		return nil, []problem{unsupported("urlRewrite is missing")}
	}
	out := &ir.Rewrite{}
	host, problems := readTargetHost(in.Hostname)
	path, prefix, wrong := readPathModifier(in.Path, prefixOnly)
	out.Host, out.Path, out.Prefix = host, path, prefix
	problems = within(append(problems, wrong...), "urlRewrite")
	if *out == (ir.Rewrite{}) {
		return nil, problems
	}
	return out, problems
}

func readTargetHost(in *gatewayv1.PreciseHostname) (string, []problem) {
	if in == nil || *in == "" {
		return "", nil
	}
	host, wrong := parseHostname(string(*in))
	if wrong == "" && strings.HasPrefix(host, "*") {
		wrong = "is a wildcard; name one host"
	}
	if wrong != "" {
		return "", []problem{unsupported("hostname %q %s", *in, wrong)}
	}
	return host, nil
}

// readPathModifier gives the path, or the prefix, that replaces the request's.
func readPathModifier(in *gatewayv1.HTTPPathModifier, prefixOnly bool) (path, prefix string, problems []problem) {
	if in == nil {
		return "", "", nil
	}
	switch in.Type {
	case gatewayv1.FullPathHTTPPathModifier:
		path = valueOr(in.ReplaceFullPath, "")
		if in.ReplaceFullPath == nil || in.ReplacePrefixMatch != nil {
			problems = append(problems, unsupported("path of type ReplaceFullPath needs replaceFullPath and nothing else"))
		}
		return path, "", append(problems, checkReplacement(path)...)
	case gatewayv1.PrefixMatchHTTPPathModifier:
		if in.ReplacePrefixMatch == nil || in.ReplaceFullPath != nil {
			problems = append(problems, unsupported("path of type ReplacePrefixMatch needs replacePrefixMatch and nothing else"))
		}
		if !prefixOnly {
			problems = append(problems, unsupported("path of type ReplacePrefixMatch needs every match of the rule to be by PathPrefix"))
		}
		prefix = trimPrefix(valueOr(in.ReplacePrefixMatch, ""))
		return "", prefix, append(problems, checkReplacement(prefix)...)
	default:
		return "", "", []problem{unsupported("path.type %q is not one of ReplaceFullPath, ReplacePrefixMatch", in.Type)}
	}
}

// checkReplacement refuses a path that would make an invalid request.
func checkReplacement(path string) []problem {
	if len(path) > maxPath || !strings.HasPrefix(path, "/") || hasControl(path) || strings.ContainsAny(path, " #") {
		return []problem{unsupported("path %q does not begin with \"/\", is longer than %d bytes, or has a character that no path may have", path, maxPath)}
	}
	return nil
}
