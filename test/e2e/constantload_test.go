package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/test/load"
	"github.com/sluice-serving/sluice/test/load/backend"
)

// patience is how long a client of constant load waits for an answer before it gives up, which is a failed request: so a stall
// can't hide. It is long beside anything that a busy machine does to a request, and short beside what stalls have made of one.
const patience = 15 * time.Second

// backendArgument makes the test's own binary a model server that keeps account.
const backendArgument = "load-backend"

// arrivals is the rate of each of the three clients of a [constantLoad], in requests a second, and kept the connections of the
// one that speaks HTTP/1.1.
const (
	arrivals = 60
	kept     = 8
)

// counted is the manifest of an InferenceService whose server keeps account.
type counted struct {
	name, mark string
	// ledger is the directory of the accounts.
	ledger string
	// fields are further fields of the predictor, each a line of YAML.
	fields []string
}

func (c counted) yaml(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	fields := ""
	for _, field := range append([]string{"timeout: 600"}, c.fields...) {
		fields += "    " + field + "\n"
	}
	return fmt.Sprintf(`apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: %s
spec:
  predictor:
%s    containers:
      - name: kserve-container
        command: [%s, %s]
        env:
          - {name: %s, value: %s}
          - {name: %s, value: %s}
          - {name: %s, value: 300ms}
        ports:
          - {name: http1, containerPort: 8080, protocol: TCP}
          - {name: h2c, containerPort: 9000, protocol: TCP}
        readinessProbe:
          httpGet: {path: %s, port: 8080}
          periodSeconds: 1
`, c.name, fields, self, backendArgument, backend.VariableLedger, c.ledger, backend.VariableMark, c.mark, backend.VariableWarmup, backend.ReadyPath)
}

// constantLoad is load of three protocols on one service.
type constantLoad struct {
	s       *sluice
	target  load.Target
	ledger  string
	clients []client
	runs    []*load.Run
	// streams have been opened so far, and past is what became of the requests of runs that have ended.
	streams []*load.Stream
	past    []load.Outcome
	opened  int
	// begun is when the load began: the times of outcomes count from a moment before it.
	begun time.Time
	// connections is how many each client had made when the load began.
	connections []int64
}

// client is one of load's.
type client interface {
	load.Sender
	Connections() int64
	Close()
}

// target is where a service is asked for.
func (s *sluice) target(name string) load.Target {
	return load.Target{
		Dial:      net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Authority: fmt.Sprintf("%s-default.localhost:%d", name, s.port),
	}
}

// underLoad begins constant load on a service whose server keeps account in ledger.
func (s *sluice) underLoad(name, ledger string) *constantLoad {
	s.t.Helper()
	return s.underLoadAt(s.target(name), ledger)
}

// underLoadAt does so for a service behind any host and port.
func (s *sluice) underLoadAt(target load.Target, ledger string) *constantLoad {
	s.t.Helper()
	tr := &constantLoad{s: s, target: target, ledger: ledger}
	for _, of := range []struct {
		protocol string
		client   client
	}{
		{"http1", load.NewHTTP1(target, kept)},
		{"http2", load.NewHTTP2(target)},
		{"grpc", load.NewGRPC(target)},
	} {
		tr.clients = append(tr.clients, of.client)
		s.t.Cleanup(of.client.Close)
		tr.warm(of.protocol, of.client)
	}
	tr.connections = tr.dialled()
	tr.begun = time.Now()
	for i, protocol := range []string{"http1", "http2", "grpc"} {
		tr.runs = append(tr.runs, load.Start(s.t.Context(), tr.clients[i], load.Options{Rate: arrivals, Timeout: patience, Name: tr.name() + "-" + protocol}))
	}
	return tr
}

// warm sends as many requests at once as the client of HTTP/1.1 keeps connections, so that none is made later.
func (tr *constantLoad) warm(protocol string, of client) {
	if slow, ok := of.(*load.Client); ok {
		slow.Delay = 300 * time.Millisecond
		defer func() { slow.Delay = 0 }()
	}
	outcomes := make([]load.Outcome, kept)
	send := func(i int) {
		o := &outcomes[i]
		o.ID = fmt.Sprintf("%s-%s-warm-%d", tr.name(), protocol, i)
		o.Answer, o.Err = of.Send(tr.s.t.Context(), o.ID)
	}
	// The first alone: HTTP/2 would make a connection for each that finds none.
	send(0)
	var group sync.WaitGroup
	for i := range outcomes[1:] {
		group.Go(func() { send(i + 1) })
	}
	group.Wait()
	tr.past = append(tr.past, outcomes...)
}

// name begins the ids of what is asked of the service.
func (tr *constantLoad) name() string { return strings.Split(tr.target.Authority, ".")[0] }

// dialled is how many connections each client has made so far.
func (tr *constantLoad) dialled() []int64 {
	var made []int64
	for _, c := range tr.clients {
		made = append(made, c.Connections())
	}
	return made
}

// open opens a stream of every kind, n times over. They end when the gate that it gives is opened, by a file of that name.
func (tr *constantLoad) open(n int) (gate string) {
	tr.s.t.Helper()
	gate = filepath.Join(tr.s.t.TempDir(), "gate")
	for range n {
		for _, kind := range load.StreamKinds() {
			tr.opened++
			id := fmt.Sprintf("%s-%s-%d", tr.name(), kind, tr.opened)
			stream := load.OpenStream(tr.s.t.Context(), kind, tr.target, id, gate)
			if stream.Pieces() == 0 {
				tr.s.t.Errorf("the stream %s did not begin: %v", id, stream.Wait().Err)
			}
			tr.streams = append(tr.streams, stream)
		}
	}
	return gate
}

// stillOpen fails the test for each stream that has ended before its gate opened.
func (tr *constantLoad) stillOpen() {
	tr.s.t.Helper()
	for _, stream := range tr.streams {
		select {
		case <-stream.Ended():
			if err := stream.Wait().Err; err != nil {
				tr.s.t.Errorf("a stream did not live through the change: %v", err)
			}
		default:
		}
	}
}

// awaitRefusals waits until a request of every client has failed.
func (tr *constantLoad) awaitRefusals() {
	tr.s.t.Helper()
	eventually(tr.s.t, startTimeout, "requests that are refused", func() error {
		for i, run := range tr.runs {
			if ended, failed := run.Counts(); failed == 0 {
				return fmt.Errorf("client %d has had %d answers and no refusal", i, ended)
			}
		}
		return nil
	})
}

// awaitAnswers waits until each client has had so many more answers.
func (tr *constantLoad) awaitAnswers(n int) {
	tr.s.t.Helper()
	for _, run := range tr.runs {
		before, _ := run.Counts()
		eventually(tr.s.t, startTimeout, "answers", func() error {
			if now, _ := run.Counts(); now < before+n {
				return fmt.Errorf("%d more, want %d", now-before, n)
			}
			return nil
		})
	}
}

// stop ends the load and gives the account of every request and stream. It logs what was measured.
func (tr *constantLoad) stop() []load.Outcome {
	tr.s.t.Helper()
	outcomes := tr.past
	for _, run := range tr.runs {
		report := run.Stop()
		tr.s.t.Log(report)
		if report.Err != nil {
			tr.s.t.Error(report.Err)
		}
		outcomes = append(outcomes, report.Outcomes...)
	}
	for _, stream := range tr.streams {
		outcomes = append(outcomes, stream.Wait())
	}
	return outcomes
}

// end ends the load and wants every request answered, once, by one backend, over the connections that it began with.
func (tr *constantLoad) end() {
	tr.s.t.Helper()
	outcomes := tr.stop()
	tr.keptConnections()
	noneFailed(tr.s.t, outcomes)
	balanced(tr.s.t, tr.ledger, outcomes)
}

// keptConnections wants that no client had to connect anew.
func (tr *constantLoad) keptConnections() {
	tr.s.t.Helper()
	if now := tr.dialled(); !slices.Equal(now, tr.connections) {
		tr.s.t.Errorf("the clients have made %v connections, %v of them before the changes: some were closed", now, tr.connections)
	}
}

func noneFailed(t *testing.T, outcomes []load.Outcome) {
	t.Helper()
	if failed := (load.Report{Outcomes: outcomes}).Failed(); len(failed) > 0 {
		t.Errorf("%d of %d requests failed:\n%s", len(failed), len(outcomes), load.Describe(failed))
	}
}

// balanced holds all requests of the services that share a ledger against it.
func balanced(t *testing.T, dir string, outcomes []load.Outcome) {
	t.Helper()
	ledger, err := load.ReadLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Compare(outcomes); err != nil {
		t.Errorf("the backends' accounts differ from what was sent:\n%v", err)
	}
}

// running wants so many replicas that are ready and stay, all of the newest revision, which has all requests.
func running(n int) func(admin.Service) error {
	return func(service admin.Service) error {
		if err := ready(service); err != nil {
			return err
		}
		if len(service.Revisions) == 0 {
			return errors.New("no revision")
		}
		newest := service.Revisions[len(service.Revisions)-1]
		stay := 0
		for _, pod := range service.Pods {
			switch {
			case pod.Terminating:
			case !pod.Ready || pod.Revision != newest.Name:
				return fmt.Errorf("replica %s of revision %s, ready %t", pod.Name, pod.Revision, pod.Ready)
			default:
				stay++
			}
		}
		if stay != n || newest.TrafficPercent != 100 {
			return fmt.Errorf("%d replicas and %d %% of the requests for %s", stay, newest.TrafficPercent, newest.Name)
		}
		return nil
	}
}

// gone wants no replica left that is to go.
func gone(service admin.Service) error {
	for _, pod := range service.Pods {
		if pod.Terminating {
			return fmt.Errorf("replica %s has not gone", pod.Name)
		}
	}
	return nil
}

// revision wants the newest revision's name to end in number.
func revision(number string) func(admin.Service) error {
	return func(service admin.Service) error {
		if len(service.Revisions) == 0 || !strings.HasSuffix(service.Revisions[len(service.Revisions)-1].Name, number) {
			return fmt.Errorf("revisions: %+v", service.Revisions)
		}
		return nil
	}
}

// all wants everything that checks want.
func all(checks ...func(admin.Service) error) func(admin.Service) error {
	return func(service admin.Service) error {
		for _, check := range checks {
			if err := check(service); err != nil {
				return err
			}
		}
		return nil
	}
}
