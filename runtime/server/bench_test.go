package server

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/repository"
	"github.com/sluice-serving/sluice/runtime/sklearn"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// BenchmarkRequest measures one request of two rows to a small model, without the network: what the server itself does, and net/http's
// choice of the handler.
func BenchmarkRequest(b *testing.B) {
	open := func(context.Context) (model.Predictor, error) {
		estimator, err := sklearn.Open("../../config/samples/first-examples/models/sklearn/model.joblib")
		if err != nil {
			return nil, err
		}
		return tabular.NewPredictor(estimator, tabular.Options{}), nil
	}
	registry := prometheus.NewRegistry()
	metrics := NewMetrics(registry)
	m := model.New("iris", "1", "sklearn", open, model.Options{MaxConcurrency: 4, MaxQueue: 1024, Observer: metrics, Batch: model.BatchOptions{MaxSize: 1024}})
	if err := m.Load(b.Context()); err != nil {
		b.Fatal(err)
	}
	s, err := New(Options{Address: "127.0.0.1", Logger: slog.New(slog.DiscardHandler), Registry: registry}, repository.New(m), metrics)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _, _ = s.httpAt.Close(), s.grpcAt.Close() })
	v2, err := os.ReadFile("../../config/samples/first-examples/v2/iris-input.json")
	if err != nil {
		b.Fatal(err)
	}
	for path, body := range map[string][]byte{
		"/v2/models/iris/infer":   v2,
		"/v1/models/iris:predict": []byte(`{"instances":[[6.8,2.8,4.8,1.4],[6.0,3.4,4.5,1.6]]}`),
	} {
		b.Run(path[1:3], func(b *testing.B) {
			b.ReportAllocs()
			request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, path, nil)
			if err != nil {
				b.Fatal(err)
			}
			request.ContentLength = int64(len(body))
			sent := bytes.NewReader(body)
			request.Body = io.NopCloser(sent)
			w := discarding{header: http.Header{}}
			for b.Loop() {
				sent.Reset(body)
				s.http.Handler.ServeHTTP(&w, request)
				if w.status != http.StatusOK {
					b.Fatal(w.status)
				}
			}
		})
	}
}

// discarding is a http.ResponseWriter that keeps the status alone.
type discarding struct {
	header http.Header
	status int
}

func (d *discarding) Header() http.Header         { return d.header }
func (d *discarding) WriteHeader(status int)      { d.status = status }
func (d *discarding) Write(p []byte) (int, error) { return len(p), nil }
