package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sluice-serving/sluice/api/oip"
)

// Bounds of an HTTP connection. A body may take as long as a large one takes on
// a slow line; a header may not.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 5 * time.Minute
	// Envoy keeps idle connections for an hour. Were ours the shorter, a request
	// could meet the connection's end, and a POST is not sent again.
	idleTimeout    = 2 * time.Hour
	maxHeaderBytes = 64 << 10
)

func (s *Server) newHTTP() *http.Server {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		Protocols:         protocols,
		ErrorLog:          slog.NewLogLogger(s.options.Logger.Handler(), slog.LevelDebug),
	}
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	get := func(path string, answer func(*http.Request) (any, error)) {
		mux.Handle(path, s.only(http.MethodGet, s.answer(answer)))
	}
	post := func(path string, handler http.Handler) { mux.Handle(path, s.only(http.MethodPost, handler)) }

	get("/{$}", s.alive)
	get("/v2/{$}", s.serverMetadata)
	get("/v2", s.serverMetadata)
	get("/v2/health/live", s.live)
	get("/v2/health/ready", s.ready)
	get("/v2/models", s.listModels)
	for _, model := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		mux.HandleFunc(model, s.v2Model)
		get(model+"/ready", s.modelReady)
		post(model+"/infer", http.HandlerFunc(s.infer))
	}
	post("/v2/repository/index", s.answer(s.repositoryIndex))
	post("/v2/repository/models/{model}/load", s.answer(s.repositoryLoad))
	post("/v2/repository/models/{model}/unload", s.answer(s.repositoryUnload))
	get("/v1/models", s.listModels)
	mux.HandleFunc("/v1/models/{target}", s.v1Model)
	mux.Handle("/metrics", promhttp.HandlerFor(s.options.Registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, notServed(r)) })
	return mux
}

func notServed(r *http.Request) error {
	return &refusal{http.StatusNotFound, fmt.Sprintf("nothing is served at %s; inference is POST /v2/models/NAME/infer or /v1/models/NAME:predict", r.URL.Path)}
}

func (s *Server) only(method string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == method || method == http.MethodGet && r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Allow", method)
		s.fail(w, r, &refusal{http.StatusMethodNotAllowed, fmt.Sprintf("%s is answered to %s, not to %s", r.URL.Path, method, r.Method)})
	})
}

// answer serves what a function gives, as JSON.
func (s *Server) answer(answer func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := answer(r)
		var notReady *notReadyAnswer
		switch {
		case errors.As(err, &notReady):
			s.write(w, r, http.StatusServiceUnavailable, notReady.body)
		case err != nil:
			s.fail(w, r, err)
		default:
			s.write(w, r, http.StatusOK, body)
		}
	})
}

// fail answers an error in the protocols' shape.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		// The client is told too, but it is the operator who can mend it.
		s.options.Logger.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	s.write(w, r, status, oip.ErrorBody{Error: err.Error()})
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		status, encoded = http.StatusInternalServerError, []byte(`{"error":"the answer can't be written as JSON"}`)
	}
	s.send(w, r, status, "application/json", encoded)
}

func (s *Server) send(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		s.options.Logger.DebugContext(r.Context(), "the client went away before its answer", "path", r.URL.Path, "error", err)
	}
}

// modelAndVerb takes "iris:predict" apart.
func modelAndVerb(target string) (name, verb string) {
	if i := strings.LastIndexByte(target, ':'); i >= 0 {
		return target[:i], target[i+1:]
	}
	return target, ""
}
