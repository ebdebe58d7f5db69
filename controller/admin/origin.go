package admin

import (
	"net/http"
	"net/url"
)

// foreignSite says whether a browser asks for a page of another site: by the Origin that it sends, or by its Fetch
// Metadata where it sends none (a script or image tag). A link that a person follows is no such request.
func (p hostPolicy) foreignSite(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		at, err := url.Parse(origin)
		return err != nil || !p.allows(at.Host)
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}
