package server

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
)

// reply is an inference's answer over HTTP.
type reply struct {
	body         []byte
	headerLength int // of the binary extension; -1: the body is all JSON
}

// infer is V2's inference.
func (s *Server) infer(w http.ResponseWriter, r *http.Request) {
	s.inference(w, r, r.PathValue("model"), r.PathValue("version"), V2, s.inferV2)
}

// v2Model describes a model. What people ask for at its path instead gets the way there: inference has a path of its own,
// and a verb behind a colon is V1's.
func (s *Server) v2Model(w http.ResponseWriter, r *http.Request) {
	name, verb := modelAndVerb(r.PathValue("model"))
	switch {
	case verb != "":
		s.fail(w, r, &refusal{http.StatusNotFound, fmt.Sprintf("%s mixes two protocols: V1 is POST /v1/models/%s:%s, V2 is POST /v2/models/%s/infer", r.URL.Path, name, verb, name)})
	case r.Method == http.MethodPost:
		w.Header().Set("Allow", http.MethodGet)
		s.fail(w, r, &refusal{http.StatusMethodNotAllowed, fmt.Sprintf("%s describes the model and is answered to GET; inference is POST %s/infer", r.URL.Path, r.URL.Path)})
	default:
		s.only(http.MethodGet, s.answer(s.modelMetadata)).ServeHTTP(w, r)
	}
}

// v1Model is all of V1's requests about one model.
func (s *Server) v1Model(w http.ResponseWriter, r *http.Request) {
	name, verb := modelAndVerb(r.PathValue("target"))
	switch verb {
	case "":
		s.only(http.MethodGet, s.answer(func(*http.Request) (any, error) { return s.status(name, "") })).ServeHTTP(w, r)
	case "predict":
		s.only(http.MethodPost, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.inference(w, r, name, "", V1, s.predictV1)
		})).ServeHTTP(w, r)
	case "explain":
		s.fail(w, r, &refusal{http.StatusNotFound, "this is a model, not an explainer: ask for " + name + ":predict"})
	default:
		s.fail(w, r, notServed(r))
	}
}

// inference is what V1 and V2 share: counting, finding the model, sending.
func (s *Server) inference(w http.ResponseWriter, r *http.Request, name, version string, protocol Protocol,
	compute func(http.ResponseWriter, *http.Request, *model.Model, *reservation) (reply, error)) {
	m, err := s.models.Get(name, version)
	label := name
	if err != nil {
		label = ""
	}
	request := s.metrics.begin(label, protocol)
	defer func() { request.end(statusOf(err)) }()
	var out reply
	if err == nil {
		hold := s.bodies.reserve()
		defer hold.release()
		out, err = compute(w, r, m, hold)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	contentType := "application/json"
	if out.headerLength >= 0 {
		contentType = "application/octet-stream"
		w.Header().Set(oip.HeaderContentLength, strconv.Itoa(out.headerLength))
	}
	s.send(w, r, http.StatusOK, contentType, out.body)
}

func (s *Server) inferV2(w http.ResponseWriter, r *http.Request, m *model.Model, hold *reservation) (reply, error) {
	length, err := headerLength(r)
	if err != nil {
		return reply{}, err
	}
	body, err := s.readBody(w, r, hold)
	if err != nil {
		return reply{}, err
	}
	req, err := decodeV2(m, body, length)
	if err != nil {
		return reply{}, err
	}
	resp, err := s.run(r.Context(), m, req)
	if err != nil {
		return reply{}, err
	}
	out, length, err := oip.AppendInferResponse(make([]byte, 0, sizeHint(resp.Outputs)), req, resp)
	return reply{body: out, headerLength: length}, err
}

func (s *Server) predictV1(w http.ResponseWriter, r *http.Request, m *model.Model, hold *reservation) (reply, error) {
	signature, err := m.Signature()
	if err != nil {
		return reply{}, err
	}
	body, err := s.readBody(w, r, hold)
	if err != nil {
		return reply{}, err
	}
	req, err := decodeV1(signature, body)
	if err != nil {
		return reply{}, err
	}
	outputs, err := s.predict(r.Context(), m, req.Inputs, req.Outputs)
	if err != nil {
		return reply{}, err
	}
	withVectors(outputs, signature.Outputs)
	out, err := oip.AppendPredictResponse(make([]byte, 0, sizeHint(outputs)), req, outputs)
	return reply{body: out, headerLength: -1}, err
}

func decodeV2(m *model.Model, body []byte, length int) (*oip.InferRequest, error) {
	signature, err := m.Signature()
	if err != nil {
		return nil, err
	}
	if signature.Rows != model.NoRows {
		return oip.DecodeInferRequestWithNulls(body, length)
	}
	return oip.DecodeInferRequest(body, length)
}

func decodeV1(signature model.Signature, body []byte) (*oip.PredictRequest, error) {
	if signature.Rows != model.NoRows {
		return oip.DecodeRowsRequest(body, signature.Rows == model.RowsWithTexts)
	}
	return oip.DecodePredictRequest(body, signature.Inputs)
}

// withVectors takes the second dimension, of 1, off the outputs that are one value for each row.
func withVectors(outputs []oip.Tensor, specs []oip.TensorSpec) {
	for _, spec := range specs {
		if !spec.Vector {
			continue
		}
		for i := range outputs {
			if outputs[i].Name == spec.Name && len(outputs[i].Shape) == 2 {
				outputs[i].Shape = outputs[i].Shape[:1]
			}
		}
	}
}

// run computes a V2 request, over HTTP or gRPC.
func (s *Server) run(ctx context.Context, m *model.Model, req *oip.InferRequest) (*oip.InferResponse, error) {
	names := make([]string, len(req.Outputs))
	for i, out := range req.Outputs {
		names[i] = out.Name
	}
	outputs, err := s.predict(ctx, m, req.Inputs, names)
	if err != nil {
		return nil, err
	}
	return &oip.InferResponse{ModelName: m.Name, ModelVersion: m.Version, ID: req.ID, Outputs: outputs}, nil
}

func (s *Server) predict(ctx context.Context, m *model.Model, inputs []oip.Tensor, outputs []string) ([]oip.Tensor, error) {
	start := time.Now()
	computed, err := m.Predict(ctx, inputs, outputs)
	if err == nil {
		s.metrics.predicted(m.Name, time.Since(start))
	}
	return computed, err
}

// sizeHint guesses the length of an answer: a number takes some ten letters.
func sizeHint(outputs []oip.Tensor) int {
	hint := 512
	for _, t := range outputs {
		hint += 64 + len(t.Name) + t.RawSize()*3
	}
	return hint
}
