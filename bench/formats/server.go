package formats

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/sluice-serving/sluice/bench/load"
	"github.com/sluice-serving/sluice/bench/rig"
)

// startTimeout is how long a server may take until its model is ready: Python imports much.
const startTimeout = 3 * time.Minute

// server is one that runs.
type server struct {
	setting
	process *rig.Process
	target  load.Target
}

func (s setting) start(r *rig.Rig, m model, body []byte, cpus []int) (*server, error) {
	port, err := rig.FreePort()
	if err != nil {
		return nil, err
	}
	command, err := s.command(m, port)
	if err != nil {
		return nil, err
	}
	command.CPUs = cpus
	process, err := r.Start(command)
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	return &server{s, process, load.Target{Address: address, Host: address, Path: "/v2/models/" + modelName + "/infer", Body: body}}, nil
}

// askPause is between a question that came too early and the next: what the servers have of their processor is for their start.
const askPause = 200 * time.Millisecond

// awaitAnswer waits until the model is ready and gives what the first of its outputs says.
func (s *server) awaitAnswer(ctx context.Context) (values []float64, err error) {
	err = s.process.Await(ctx, startTimeout, func(ctx context.Context) error {
		answer, err := s.ask(ctx)
		if err == nil {
			values, err = firstOutput(answer)
			return err
		}
		select {
		case <-time.After(askPause):
		case <-s.process.Exited():
		case <-ctx.Done():
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.title, err)
	}
	return values, nil
}

func (s *server) ask(ctx context.Context) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.target.Address+s.target.Path, bytes.NewReader(s.target.Body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Close = true
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %d: %.500s", answer.StatusCode, body)
	}
	return body, err
}

// firstOutput reads the numbers of an answer's first output; how it is called and shaped is each server's own.
func firstOutput(body []byte) ([]float64, error) {
	var answer struct {
		Outputs []struct {
			Data []json.RawMessage `json:"data"`
		} `json:"outputs"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Outputs) == 0 {
		return nil, fmt.Errorf("no outputs in %.500s (%w)", body, err)
	}
	var values []float64
	for _, element := range answer.Outputs[0].Data {
		if element[0] != '[' {
			element = append(append([]byte("["), element...), ']')
		}
		var row []float64
		if err := json.Unmarshal(element, &row); err != nil {
			return nil, fmt.Errorf("the output's data in %.500s: %w", body, err)
		}
		values = append(values, row...)
	}
	return values, nil
}

// tolerance is how far two answers may be apart, for all that single precision does.
const tolerance = 1e-5

// agree says whether two answers are the same.
func agree(a, b []float64) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	for i := range a {
		if math.Abs(a[i]-b[i]) > tolerance*max(1, math.Abs(a[i])) || a[i] != a[i] || b[i] != b[i] {
			return false
		}
	}
	return true
}
