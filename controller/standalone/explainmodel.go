package standalone

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-serving/sluice/controller/explain"
)

// modelTimeout bounds one question to a model server.
const modelTimeout = 2 * time.Second

// modelClient asks model servers, past any proxy of the environment and without keeping connections.
type modelClient struct{ http *http.Client }

func newModelClient() modelClient {
	return modelClient{&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: modelTimeout}}
}

// explain asks each ready replica for its model's readiness by the Open Inference Protocol. A server that
// does not speak it (a custom predictor) is well if it answers at all.
func (c modelClient) explain(ctx context.Context, f layerFacts, model string) []explain.Finding {
	var findings []explain.Finding
	for _, pod := range f.pods {
		if !pod.Ready || len(pod.Ports) == 0 {
			continue
		}
		target := net.JoinHostPort(pod.Address, strconv.Itoa(int(pod.Ports[0].Port)))
		status, body, err := c.ask(ctx, target, model)
		switch {
		case err != nil:
			findings = append(findings, explain.Finding{
				Summary: fmt.Sprintf("%s does not answer at %s", pod.Name, target), Detail: err.Error(),
				Remedy: "read its log: " + f.logs,
			})
		case status == http.StatusOK:
			findings = append(findings, explain.Finding{OK: true, Summary: fmt.Sprintf("%s says that model %s is ready", pod.Name, model)})
		case status == http.StatusServiceUnavailable:
			findings = append(findings, explain.Finding{
				Summary: fmt.Sprintf("%s says that model %s is not ready", pod.Name, model), Detail: body,
				Remedy: "read its log: " + f.logs,
			})
		default:
			findings = append(findings, explain.Finding{OK: true, Summary: fmt.Sprintf("%s answers at %s and does not speak the Open Inference Protocol", pod.Name, target)})
		}
	}
	return findings
}

func (c modelClient) ask(ctx context.Context, target, model string) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+target+"/v2/models/"+model+"/ready", nil)
	if err != nil {
		return 0, "", err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	return response.StatusCode, strings.TrimSpace(string(data)), err
}
