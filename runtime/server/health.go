package server

import (
	"net/http"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
)

// notReadyAnswer is a health answer of status 503 that is no error: probes and
// people read its body.
type notReadyAnswer struct{ body any }

func (n *notReadyAnswer) Error() string { return "not ready" }

// alive is V1's liveness.
func (s *Server) alive(*http.Request) (any, error) {
	return map[string]string{"status": "alive"}, nil
}

func (s *Server) live(*http.Request) (any, error) {
	return map[string]bool{"live": true}, nil
}

func (s *Server) ready(*http.Request) (any, error) {
	body := struct {
		Ready  bool             `json:"ready"`
		Models []oip.IndexEntry `json:"models,omitempty"`
	}{Ready: s.Ready()}
	if body.Ready {
		return body, nil
	}
	body.Models = s.models.Index()
	return nil, &notReadyAnswer{body}
}

func (s *Server) serverMetadata(*http.Request) (any, error) {
	return s.metadata(), nil
}

func (s *Server) metadata() oip.ServerMetadata {
	return oip.ServerMetadata{Name: "sluice", Version: s.options.Version, Extensions: []string{"binary_tensor_data", "model_repository"}}
}

func (s *Server) listModels(*http.Request) (any, error) {
	return map[string][]string{"models": s.models.Names()}, nil
}

func (s *Server) modelReady(r *http.Request) (any, error) {
	return s.status(r.PathValue("model"), r.PathValue("version"))
}

// status is the readiness of a model: as an answer if it is ready, and else as
// the error that says why not.
func (s *Server) status(name, version string) (oip.ModelStatus, error) {
	m, err := s.models.Get(name, version)
	if err != nil {
		return oip.ModelStatus{}, err
	}
	if status := m.Status(); status.State != model.Ready {
		return oip.ModelStatus{}, &model.NotReadyError{Model: name, State: status.State, Reason: status.Reason}
	}
	return oip.ModelStatus{Name: name, Ready: true}, nil
}

func (s *Server) modelMetadata(r *http.Request) (any, error) {
	return s.describe(r.PathValue("model"), r.PathValue("version"))
}

func (s *Server) describe(name, version string) (oip.ModelMetadata, error) {
	m, err := s.models.Get(name, version)
	if err != nil {
		return oip.ModelMetadata{}, err
	}
	signature, err := m.Signature()
	if err != nil {
		return oip.ModelMetadata{}, err
	}
	return oip.ModelMetadata{Name: name, Versions: s.models.Versions(name), Platform: m.Platform, Inputs: signature.Inputs, Outputs: signature.Outputs}, nil
}
