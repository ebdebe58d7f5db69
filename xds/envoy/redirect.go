package envoy

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	lua "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/sluice-serving/sluice/xds/ir"
)

// redirect answers requests to host at a listener with another location; the second result is what a filter has to add to that.
func redirect(listener, host string, path ir.Path, r *ir.Redirect) (*routev3.RedirectAction, map[string]*anypb.Any) {
	target, port, byFilter := redirectTarget(host, r)
	action := &routev3.RedirectAction{
		HostRedirect: target,
		PortRedirect: port,
		ResponseCode: redirectCode(r.Status),
	}
	if r.Scheme != "" {
		action.SchemeRewriteSpecifier = &routev3.RedirectAction_SchemeRedirect{SchemeRedirect: r.Scheme}
	}
	setRedirectPath(action, path, r)
	if !byFilter {
		return action, nil
	}
	return action, map[string]*anypb.Any{
		findFilter(listener): pack(&lua.LuaPerRoute{Override: &lua.LuaPerRoute_Name{Name: defaultPortName}}),
	}
}

// redirectTarget gives the host and port to write into the location, which names no port that its scheme implies
// (Gateway API, HTTPRequestRedirectFilter.port). Without a port of ours Envoy keeps the one that the request named,
// so that the host is written out where it is known; elsewhere a filter takes the port out of the answer.
func redirectTarget(host string, r *ir.Redirect) (target string, port uint32, byFilter bool) {
	implied := r.Scheme == "http" && r.Port == 80 || r.Scheme == "https" && r.Port == 443
	switch {
	case implied && r.Host != "":
		return r.Host, 0, false
	case implied && !IsWildcard(host):
		return host, 0, false
	default:
		// Without a scheme of ours it is the request's.
		return r.Host, r.Port, implied || r.Scheme == "" && (r.Port == 80 || r.Port == 443)
	}
}

func setRedirectPath(action *routev3.RedirectAction, path ir.Path, r *ir.Redirect) {
	if r.Path != "" {
		action.PathRewriteSpecifier = &routev3.RedirectAction_PathRedirect{PathRedirect: r.Path}
		return
	}
	if r.Prefix == "" {
		return
	}
	switch change := replacePrefix(path, r.Prefix); {
	case change.regex != nil:
		action.PathRewriteSpecifier = &routev3.RedirectAction_RegexRewrite{RegexRewrite: change.regex}
	case change.prefix != "":
		action.PathRewriteSpecifier = &routev3.RedirectAction_PrefixRewrite{PrefixRewrite: change.prefix}
	}
}

// redirectCode falls back to 302, Gateway API's default, for a status that is no redirect.
func redirectCode(status uint32) routev3.RedirectAction_RedirectResponseCode {
	switch status {
	case 301:
		return routev3.RedirectAction_MOVED_PERMANENTLY
	case 303:
		return routev3.RedirectAction_SEE_OTHER
	case 307:
		return routev3.RedirectAction_TEMPORARY_REDIRECT
	case 308:
		return routev3.RedirectAction_PERMANENT_REDIRECT
	default:
		return routev3.RedirectAction_FOUND
	}
}
