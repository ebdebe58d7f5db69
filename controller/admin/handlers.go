package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler gives the API as an [http.Handler]. It refuses a Host header that is not localhost, a loopback address or the
// configured address (421), requests of other sites' pages (403), and every method but GET and HEAD (405). All errors are JSON, see [Error].
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.gatherer, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: readTimeout}))
	mux.HandleFunc("GET /api/v1", s.index)
	mux.HandleFunc("GET /api/v1/services", s.services)
	mux.HandleFunc("GET /api/v1/services/{namespace}/{name}", s.service)
	mux.HandleFunc("GET /api/v1/services/{namespace}/{name}/explain", s.explain)
	mux.HandleFunc("GET /api/v1/services/{namespace}/{name}/logs", s.serveLogs)
	mux.HandleFunc("GET /api/v1/problems", s.problems)
	mux.HandleFunc("GET /api/v1/policies", s.policies)
	mux.HandleFunc("GET /api/v1/load", s.load)
	mux.HandleFunc("GET /api/v1/xds", s.xds)
	mux.HandleFunc("/", s.notFound)
	return s.guard(mux)
}

func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		switch {
		case !s.hosts.allows(r.Host):
			writeError(w, http.StatusMisdirectedRequest,
				"host %q is not answered here; use localhost, a loopback address or the address that sluice listens on", r.Host)
		case s.hosts.foreignSite(r):
			writeError(w, http.StatusForbidden, "another site's pages read nothing here; open this address itself")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			writeError(w, http.StatusMethodNotAllowed, "%s is not allowed: this API only reads; change the manifests instead", r.Method)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	reasons := s.source.Unready()
	status := http.StatusOK
	if len(reasons) > 0 {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, Readiness{Ready: len(reasons) == 0, Reasons: reasons})
}

func (s *Server) index(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, Index{Version: s.version, Paths: paths()})
}

// paths lists what can be asked, for a person who looks around with curl.
func paths() []string {
	return []string{
		"/healthz",
		"/readyz",
		"/metrics",
		"/api/v1/services?namespace=NAMESPACE",
		"/api/v1/services/NAMESPACE/NAME",
		"/api/v1/services/NAMESPACE/NAME/explain",
		"/api/v1/services/NAMESPACE/NAME/logs?container=&replica=&previous=&tail=N&follow=1",
		"/api/v1/problems",
		"/api/v1/policies",
		"/api/v1/load?namespace=NAMESPACE",
		"/api/v1/xds?full=1",
	}
}

func (s *Server) services(w http.ResponseWriter, r *http.Request) {
	all := s.source.Services()
	if namespace := r.URL.Query().Get("namespace"); namespace != "" {
		all = slices.DeleteFunc(slices.Clone(all), func(service Service) bool { return service.Namespace != namespace })
	}
	writeItems(w, all)
}

func (s *Server) service(w http.ResponseWriter, r *http.Request) {
	namespace, name := r.PathValue("namespace"), r.PathValue("name")
	service, ok := s.source.Service(namespace, name)
	if !ok {
		writeUnknownService(w, namespace, name)
		return
	}
	writeJSON(w, http.StatusOK, service)
}

func (s *Server) explain(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), explainTimeout)
	defer cancel()
	writeJSON(w, http.StatusOK, s.source.Explain(ctx, r.PathValue("namespace"), r.PathValue("name")))
}

func (s *Server) problems(w http.ResponseWriter, _ *http.Request) {
	writeItems(w, s.source.Problems())
}

func (s *Server) policies(w http.ResponseWriter, _ *http.Request) {
	writeItems(w, s.source.Policies())
}

func (s *Server) load(w http.ResponseWriter, r *http.Request) {
	load := s.loads.Load()
	if namespace := r.URL.Query().Get("namespace"); namespace != "" {
		load.Revisions = slices.DeleteFunc(slices.Clone(load.Revisions), func(r RevisionLoad) bool { return r.Namespace != namespace })
	}
	load.Revisions = orEmpty(load.Revisions)
	writeJSON(w, http.StatusOK, load)
}

func (s *Server) xds(w http.ResponseWriter, r *http.Request) {
	full, err := queryBool(r.URL.Query(), "full")
	if err != nil {
		writeError(w, http.StatusBadRequest, "%s", err)
		return
	}
	dump := s.source.XDS(full)
	dump.Clients = orEmpty(dump.Clients)
	dump.Resources = orEmpty(dump.Resources)
	writeJSON(w, http.StatusOK, dump)
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	writeError(w, http.StatusNotFound, "nothing is at %s; /api/v1 lists what there is", r.URL.Path)
}

func writeUnknownService(w http.ResponseWriter, namespace, name string) {
	writeError(w, http.StatusNotFound, "InferenceService %s/%s isn't known; /api/v1/services lists those that are", namespace, name)
}

func writeItems[T any](w http.ResponseWriter, items []T) {
	writeJSON(w, http.StatusOK, Items[T]{Items: orEmpty(items)})
}

// orEmpty makes JSON say [] instead of null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func writeError(w http.ResponseWriter, status int, format string, args ...any) {
	writeJSON(w, status, Error{Message: fmt.Sprintf(format, args...)})
}

// writeJSON encodes before it writes, so that a value that can't be encoded becomes a clean 500.
func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		status = http.StatusInternalServerError
		body = []byte(`{"error":"the answer could not be encoded as JSON; this is a fault of sluice, please report it"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that went away is not worth a log line.
	_, _ = w.Write(append(body, '\n'))
}
