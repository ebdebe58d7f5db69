package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
)

// TestLoadIsToldByRevision rolls a changed model out under load: each revision has the requests that its own replicas
// answered, and nothing is counted that was not asked.
func TestLoadIsToldByRevision(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	s := start(t, dir)
	s.waitReady()
	end := s.predictions("iris", read(t, dir, "iris-input-v2.json"))
	s.waitLoad("iris-predictor-00001", "digits-predictor-00001")
	edit(t, filepath.Join(dir, "iris.yaml"), "models/iris/v1", "models/iris/v2")
	s.waitLoad("iris-predictor-00002", "iris-predictor-00001")
	answered := end()

	eventually(t, startTimeout, "counters of both revisions", func() error {
		before, after := s.answeredBy("iris-predictor-00001", "success"), s.answeredBy("iris-predictor-00002", "success")
		if before == 0 || after == 0 || before+after > answered {
			return fmt.Errorf("the revisions answered %d and %d, and %d were asked", before, after, answered)
		}
		return nil
	})
	eventually(t, startTimeout, "every answer by status and with its latency", func() error {
		var statuses, latencies int64
		for _, revision := range []string{"iris-predictor-00001", "iris-predictor-00002"} {
			statuses += s.metric(`sluice_responses_total\{namespace="default",response_code_class="2xx",revision="` + revision + `",service="iris"\}`)
			latencies += s.metric(`sluice_request_duration_seconds_count\{namespace="default",revision="` + revision + `",service="iris"\}`)
		}
		if statuses != answered || latencies != answered {
			return fmt.Errorf("%d answers by status and %d latencies, and %d were asked", statuses, latencies, answered)
		}
		return nil
	})
	for _, revision := range []string{"iris-predictor-00001", "iris-predictor-00002"} {
		if n := s.answeredBy(revision, "error"); n != 0 {
			t.Errorf("%s has %d errors", revision, n)
		}
	}
}

// waitLoad waits until `sluice top` shows that one revision is asked and uses memory, and that another is idle or gone.
func (s *sluice) waitLoad(busy, idle string) {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, startTimeout, "load of "+busy+" alone", func() error {
		code, out := runCommand(s.t, path, "top", "--once", "-o", "json", "--admin="+s.address)
		var load admin.Items[admin.RevisionLoad]
		if err := json.Unmarshal([]byte(out), &load); code != 0 || err != nil {
			return fmt.Errorf("exit %d, %w: %s", code, err, out)
		}
		var shown bool
		for _, r := range load.Items {
			if r.Revision == idle && r.RequestsPerSecond > 0 {
				return fmt.Errorf("%s is asked: %s", idle, out)
			}
			shown = shown || r.Revision == busy && r.RequestsPerSecond > 0 && r.Usage != nil && r.Usage.MemoryBytes > 0 &&
				r.Latency != nil && r.Latency.P50Milliseconds != nil && *r.Latency.P50Milliseconds > 0
		}
		if !shown {
			return fmt.Errorf("%s is not: %s", busy, out)
		}
		return nil
	})
}

// answeredBy reads sluice_requests_total of one revision and outcome.
func (s *sluice) answeredBy(revision, outcome string) int64 {
	s.t.Helper()
	return s.metric(fmt.Sprintf(`sluice_requests_total\{namespace="default",outcome=%q,revision=%q,service="iris"\}`, outcome, revision))
}

// metric reads a whole number from /metrics: that of the series which the expression matches, or 0 if there is none.
func (s *sluice) metric(series string) int64 {
	s.t.Helper()
	response, err := http.Get("http://" + s.address + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	found := regexp.MustCompile("(?m)^" + series + ` (\S+)$`).FindSubmatch(body)
	if found == nil {
		return 0
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return int64(n)
}
