package server_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/xds/ir"
	"github.com/sluice-serving/sluice/xds/server/stats"
)

// answerSums adds up what Envoy flushes of answers.
type answerSums struct {
	mu         sync.Mutex
	byEndpoint map[string]stats.Answers
	refused    map[stats.Refusal]uint64
	// next is closed at the next flush.
	next chan struct{}
}

func newAnswerSums() *answerSums {
	return &answerSums{byEndpoint: map[string]stats.Answers{}, refused: map[stats.Refusal]uint64{}, next: make(chan struct{})}
}

func (a *answerSums) ObserveAnswers(_ time.Time, flush stats.Flush) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for endpoint, answers := range flush.ByEndpoint {
		sum := a.byEndpoint[endpoint]
		sum.Add(answers)
		a.byEndpoint[endpoint] = sum
	}
	for refusal, n := range flush.Refused {
		a.refused[refusal] += n
	}
	close(a.next)
	a.next = make(chan struct{})
}

func (a *answerSums) read(endpoint string) (answers stats.Answers, refused map[stats.Refusal]uint64, next <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	refused = map[stats.Refusal]uint64{}
	for kind, n := range a.refused {
		refused[kind] = n
	}
	return a.byEndpoint[endpoint], refused, a.next
}

// waitAnswers returns an endpoint's sums once check gives "" for them.
func (d *dataPlane) waitAnswers(endpoint string, check func(stats.Answers, map[stats.Refusal]uint64) string) stats.Answers {
	d.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		got, refused, next := d.answers.read(endpoint)
		problem := check(got, refused)
		if problem == "" {
			return got
		}
		select {
		case <-next:
		case <-deadline:
			d.t.Fatal(problem)
		}
	}
}

func wantClasses(want [stats.Classes]uint64) func(stats.Answers, map[stats.Refusal]uint64) string {
	return func(got stats.Answers, _ map[stats.Refusal]uint64) string { return cmp.Diff(want, got.ByClass) }
}

// TestAnswersGivenAreTheAnswersCounted sends answers of every kind: each is counted once, by its status, and has a latency
// if it is whole.
func TestAnswersGivenAreTheAnswersCounted(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	entered := make(chan struct{})
	b := serve(t, "b", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fail":
			w.WriteHeader(http.StatusInternalServerError)
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/slow":
			time.Sleep(150 * time.Millisecond) // what is measured is time
		case "/cut":
			_, _ = io.WriteString(w, strings.Repeat("x", 64<<10))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "/left":
			close(entered)
			<-r.Context().Done()
		}
	}))
	d.publish([]ir.Host{host("a.example.com", all(b)), {Listener: listenerName, Name: "none.example.com"}}, []ir.Backend{b})
	for path, times := range map[string]int{"/": 30, "/missing": 4, "/fail": 3, "/slow": 2} {
		for range times {
			d.get("a.example.com", path)
		}
	}
	for range 5 {
		d.get("none.example.com", "/")
	}
	d.leave("a.example.com", "/left", entered)
	d.cut("a.example.com", "/cut")

	endpoint := addressOf(b.Endpoints[0])
	got := d.waitAnswers(endpoint, wantClasses([stats.Classes]uint64{0: 1, 2: 33, 4: 4, 5: 3}))
	if n := got.Latency.Samples(); n != 39 {
		t.Errorf("%d latencies, want those of the 39 whole answers", n)
	}
	if got.Latency.Sum < 2*150_000 || got.Latency.Sum > 30e6 {
		t.Errorf("the latencies add up to %g µs, want a little more than 300,000", got.Latency.Sum)
	}
	d.waitAnswers(endpoint, func(_ stats.Answers, refused map[stats.Refusal]uint64) string {
		return cmp.Diff(map[stats.Refusal]uint64{{Status: 404, Reason: stats.NoRoute}: 5}, refused)
	})
	// What has been forgotten begins anew, from nothing.
	d.waitForgotten()
	d.get("a.example.com", "/")
	d.waitAnswers(endpoint, wantClasses([stats.Classes]uint64{0: 1, 2: 34, 4: 4, 5: 3}))
}

// leave sends a request and goes away when the endpoint has it.
func (d *dataPlane) leave(host, path string, entered <-chan struct{}) {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	defer cancel()
	go func() {
		<-entered
		cancel()
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url(path), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	request.Host = host
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		d.t.Error("an answer came that nobody gave")
	}
}

// cut wants an answer that breaks off.
func (d *dataPlane) cut(host, path string) {
	d.t.Helper()
	request, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.url(path), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	request.Host = host
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err == nil {
		d.t.Error("the answer did not break off")
	}
}

// waitForgotten returns when Envoy has dropped every statistic of answers, an idle one's.
func (d *dataPlane) waitForgotten() {
	d.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		kept := d.adminGet("/stats?filter=%5Esluice")
		if strings.TrimSpace(kept) == "" {
			return
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("Envoy still keeps %s", kept)
		}
		<-tick.C
	}
}

// adminGet asks Envoy's admin interface.
func (d *dataPlane) adminGet(path string) string {
	d.t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(d.dir, "admin.sock"))
		},
	}}
	request, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, "http://envoy"+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(body)
}
