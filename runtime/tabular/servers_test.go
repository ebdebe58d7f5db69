package tabular_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/repository"
	"github.com/sluice-serving/sluice/runtime/server"
	"github.com/sluice-serving/sluice/runtime/sklearn"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/lightgbm"
	"github.com/sluice-serving/sluice/runtime/trees/xgboost"
)

// recorded is what a server answered; testdata/servers/record.py asked it.
type recorded struct {
	Cases []asked
}

type asked struct {
	About           string // what is odd about the request, "" for a plain one
	Model, Protocol string
	Environment     map[string]string
	Request, Answer json.RawMessage
	Status          int
}

func (c asked) String() string {
	return fmt.Sprintf("%s %s %q %s", c.Model, c.Protocol, c.About, c.Request)
}

// send asks a server of ours. A request that is a text in the record is no JSON and stands there as it was sent.
func (c asked) send(t *testing.T, address string) (int, []byte) {
	t.Helper()
	path, body := "/v2/models/"+c.Model+"/infer", []byte(c.Request)
	if c.Protocol == "v1" {
		path = "/v1/models/" + c.Model + ":predict"
	}
	var text string
	if json.Unmarshal(c.Request, &text) == nil {
		body = []byte(text)
	}
	return post(t, address+path, body)
}

// What MLServer and KServe's servers answer is answered here: the same outputs, datatypes, shapes and values, and the same class of status where they
// refuse. What is answered otherwise on purpose stands in differences.
func TestAnswersAreThoseOfTheServersPeopleComeFrom(t *testing.T) {
	t.Parallel()
	for _, style := range []tabular.Answers{tabular.KServe, tabular.MLServer} {
		t.Run(style.String(), func(t *testing.T) {
			t.Parallel()
			var all recorded
			content, err := os.ReadFile(filepath.Join("testdata", "servers", style.String()+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(content, &all); err != nil {
				t.Fatal(err)
			}
			plain, probabilities := serveAll(t, style, false), serveAll(t, style, true)
			if _, body := post(t, plain+"/v1/models/svc:predict", []byte(`{"instances":[[6.8,2.8,4.8,1.4],[6.0,3.4,4.5,1.6]]}`)); string(body) != `{"predictions":[1,1]}` {
				t.Errorf("V1: %s", body)
			}
			known := differences(style)
			for _, c := range all.Cases {
				address := plain
				if c.Environment["PREDICT_PROBA"] == "true" {
					address = probabilities
				}
				status, body := c.send(t, address)
				if status != http.StatusOK && !refusal(body) {
					t.Errorf("%s: %d without an error: %s", c, status, body)
				}
				diff := compare(t, c, status, body)
				if at := slices.IndexFunc(known, func(d difference) bool { return d.covers(c, status) }); diff != "" && at >= 0 {
					known[at].seen = true
				} else if diff != "" {
					t.Errorf("%s: %s", c, diff)
				}
			}
			for _, d := range known {
				if !d.seen {
					t.Errorf("no request differs any more by: %s", d.why)
				}
			}
		})
	}
}

// compare says how an answer of ours differs from the recorded one, "" if it doesn't.
func compare(t *testing.T, c asked, status int, body []byte) string {
	t.Helper()
	if status/100 != c.Status/100 {
		return fmt.Sprintf("they answer %d %s, and this is %d %s", c.Status, c.Answer, status, body)
	}
	if status != http.StatusOK {
		return ""
	}
	return cmp.Diff(essence(t, c.Answer), essence(t, body), near(c.Model))
}

// refusal says whether a body tells what is wrong, in the member that KServe's and MLServer's have.
func refusal(body []byte) bool {
	var said struct{ Error string }
	return json.Unmarshal(body, &said) == nil && said.Error != ""
}

// A row that a model refuses is named by its number, also behind an encoder that makes sparse rows.
func TestRefusedRowsAreNamed(t *testing.T) {
	t.Parallel()
	status, body := post(t, serveAll(t, tabular.KServe, false)+"/v1/models/mixed:predict", []byte(`{"instances":[{"city":"Rome","age":1},{"city":"Oslo","age":null}]}`))
	if status != http.StatusBadRequest || !strings.Contains(string(body), "row 1 has no value") {
		t.Errorf("%d %s", status, body)
	}
}

// near is how exactly numbers must agree: to FP32's precision where the library computes in it, as JSON's digits differ then.
func near(of string) cmp.Option {
	tolerance := 1e-12
	if strings.HasPrefix(of, "xgb") {
		tolerance = 1e-6
	}
	return cmpopts.EquateApprox(tolerance, math.SmallestNonzeroFloat64)
}

// essence is an answer without what says nothing of a prediction: an id that nobody gave, the version, members that are null.
func essence(t *testing.T, answer []byte) any {
	t.Helper()
	var body struct {
		Predictions any `json:"predictions,omitempty"`
		ID          string
		Outputs     []struct {
			Name, Datatype string
			Shape          []int
			Data           any
			Parameters     map[string]any
		}
	}
	if err := json.Unmarshal(answer, &body); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	if body.ID != "one" {
		body.ID = ""
	}
	for i := range body.Outputs {
		if len(body.Outputs[i].Parameters) == 0 {
			body.Outputs[i].Parameters = nil
		}
	}
	return body
}

// serveAll serves every recorded model and gives the address.
func serveAll(t *testing.T, style tabular.Answers, probabilities bool) string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join("testdata", "servers", "models", "*", "model.*"))
	if err != nil || len(folders) == 0 {
		t.Fatal(folders, err)
	}
	var models []*model.Model
	for _, path := range folders {
		name := filepath.Base(filepath.Dir(path))
		open := func(context.Context) (model.Predictor, error) {
			e, err := openAny(path, style)
			if err != nil {
				return nil, err
			}
			return tabular.NewPredictor(e, tabular.Options{Answers: style, Probabilities: probabilities}), nil
		}
		models = append(models, model.New(name, "1", "test", open, model.Options{Batch: model.BatchOptions{MaxSize: 64}}))
	}
	registry := prometheus.NewRegistry()
	metrics := server.NewMetrics(registry)
	s, err := server.New(server.Options{Address: "127.0.0.1", Version: "test", Logger: slog.New(slog.DiscardHandler), Registry: registry}, repository.New(models...), metrics)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for !s.Ready() {
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-t.Context().Done():
			t.Fatal("the models are not ready")
		default:
			// Ready is a state that nobody is told of; asking costs little.
			_, _ = post(t, "http://"+s.HTTPAddress()+"/v2/health/live", nil)
		}
	}
	return "http://" + s.HTTPAddress()
}

func openAny(path string, style tabular.Answers) (tabular.Estimator, error) {
	switch name := filepath.Base(filepath.Dir(path)); {
	case strings.HasPrefix(name, "xgb"):
		o := xgboost.Options{}
		if style == tabular.MLServer {
			o.Interface = xgboost.AsSaved
		}
		return xgboost.Open(path, o)
	case strings.HasPrefix(name, "lgb"):
		return lightgbm.Open(path, lightgbm.Options{})
	default:
		return sklearn.Open(path)
	}
}

func post(t *testing.T, url string, body []byte) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}
