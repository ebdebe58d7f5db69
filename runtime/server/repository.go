package server

import (
	"net/http"

	"github.com/sluice-serving/sluice/api/oip"
)

func (s *Server) repositoryIndex(*http.Request) (any, error) {
	return s.models.Index(), nil
}

func (s *Server) repositoryLoad(r *http.Request) (any, error) {
	if err := s.mayChangeModels(); err != nil {
		return nil, err
	}
	name := r.PathValue("model")
	if err := s.models.Load(r.Context(), name); err != nil {
		return nil, err
	}
	return oip.ModelStatus{Name: name, Ready: true}, nil
}

func (s *Server) repositoryUnload(r *http.Request) (any, error) {
	if err := s.mayChangeModels(); err != nil {
		return nil, err
	}
	name := r.PathValue("model")
	if err := s.models.Unload(name); err != nil {
		return nil, err
	}
	return oip.ModelStatus{Name: name, Ready: false}, nil
}

// mayChangeModels refuses by default: who can ask for predictions should not be
// able to end them for everybody.
func (s *Server) mayChangeModels() error {
	if s.options.RepositoryAPI {
		return nil
	}
	return &refusal{http.StatusForbidden, "models can't be loaded and unloaded by request: start the server with --repository-api to allow it"}
}
