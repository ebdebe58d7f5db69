package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/test/load"
)

// TestKilledReplicaUnderLoad kills one of two replicas outright: what it had in flight fails and says why, everything else
// is answered, by one replica alone, and the killed one comes back.
func TestKilledReplicaUnderLoad(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "m.yaml"), counted{name: "m", mark: "m", ledger: ledger, fields: []string{"minReplicas: 2"}}.yaml(t))
	s := start(t, dir)
	before := pids(s.waitService("m", running(2)))
	tr := s.underLoad("m", ledger)
	slow := tr.slow(300 * time.Millisecond)
	gate := tr.open(2)
	tr.awaitAnswers(arrivals)

	var killed []string
	for _, pod := range slices.Sorted(maps.Keys(before))[:1] {
		killed = append(killed, "m-"+strconv.Itoa(before[pod]))
		kill(t, before[pod])
	}
	s.waitService("m", all(running(2), restarted(1)))
	tr.awaitAnswers(arrivals)
	write(t, gate, "")
	outcomes := append(tr.stop(), slow()...)
	balanced(t, ledger, outcomes)
	diedWith(t, ledger, outcomes, killed)
	tr.keptConnections()
}

// TestKilledModelUnderLoad kills the only replica: requests are refused with a reason until it is back.
func TestKilledModelUnderLoad(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "m.yaml"), counted{name: "m", mark: "m", ledger: ledger}.yaml(t))
	write(t, filepath.Join(dir, "other.yaml"), counted{name: "other", mark: "other", ledger: ledger}.yaml(t))
	s := start(t, dir)
	s.waitService("other", running(1))
	before := pids(s.waitService("m", running(1)))
	tr, beside := s.underLoad("m", ledger), s.underLoad("other", ledger)
	gate := beside.open(1)
	tr.awaitAnswers(arrivals)
	for _, pid := range before {
		kill(t, pid)
	}
	tr.awaitRefusals()
	s.waitService("m", all(running(1), restarted(1)))
	// The state is shown once Envoy has it: from here on everything is answered.
	backAt := time.Since(tr.begun)
	tr.awaitAnswers(arrivals)
	outcomes := tr.stop()
	beside.stillOpen()
	write(t, gate, "")
	besides := beside.stop()
	noneFailed(t, besides)
	beside.keptConnections()
	for _, o := range (load.Report{Outcomes: outcomes}).Failed() {
		if o.At > backAt {
			t.Errorf("%s was due %v after the service was back and failed: %v", o.ID, o.At-backAt, o.Err)
		}
		if err := saysWhy(o); err != nil {
			t.Errorf("%s: %v", o.ID, err)
		}
	}
	balanced(t, ledger, slices.Concat(outcomes, besides))
}

// TestKilledEnvoyUnderLoad kills Envoy outright: what was open through it is lost, the next requests are answered as soon as
// it is back, and no model notices.
func TestKilledEnvoyUnderLoad(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "m.yaml"), counted{name: "m", mark: "m", ledger: ledger, fields: []string{"minReplicas: 2"}}.yaml(t))
	s := start(t, dir)
	before := pids(s.waitService("m", running(2)))
	tr := s.underLoad("m", ledger)
	tr.open(1)
	tr.awaitAnswers(arrivals)

	killedAt := time.Since(tr.begun)
	kill(t, s.envoy(t))
	tr.awaitRefusals()
	client := s.client()
	eventually(t, startTimeout, "Envoy back", func() error {
		got, err := ask(client, http.MethodGet, s.url("m", "/ready"), "")
		if err == nil && got.status != http.StatusOK {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})
	backAt := time.Since(tr.begun)
	tr.awaitAnswers(arrivals)
	outcomes := tr.stop()
	for _, o := range (load.Report{Outcomes: outcomes}).Failed() {
		if end := o.At + o.Latency; end < killedAt || o.At > backAt {
			t.Errorf("%s, due %v and ended %v after the beginning, failed though Envoy was away from %v to %v only: %v", o.ID, o.At, end, killedAt, backAt, o.Err)
		}
	}
	t.Logf("the first request that was answered again, was so %v after the kill", answeredAgain(outcomes, killedAt))
	for _, stream := range tr.streams {
		if stream.Wait().Err == nil {
			t.Error("a stream outlived its Envoy")
		}
	}
	balanced(t, ledger, outcomes)
	if now := pids(s.waitService("m", running(2))); fmt.Sprint(now) != fmt.Sprint(before) {
		t.Errorf("the replicas were restarted: %v, before %v", now, before)
	}
}

// answeredAgain is how long after the kill the first request was answered that was due after another had failed.
func answeredAgain(outcomes []load.Outcome, killedAt time.Duration) time.Duration {
	failed, answered := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for _, o := range outcomes {
		if o.Err != nil && o.At > killedAt {
			failed = min(failed, o.At)
		}
	}
	for _, o := range outcomes {
		if o.Err == nil && o.At > failed {
			answered = min(answered, o.At+o.Latency)
		}
	}
	return (answered - killedAt).Round(time.Millisecond)
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// restarted wants so many restarts of a service's containers in all.
func restarted(n int) func(admin.Service) error {
	return func(service admin.Service) error {
		restarts := 0
		for _, pod := range service.Pods {
			for _, container := range pod.Containers {
				restarts += container.Restarts
			}
		}
		if restarts != n {
			return fmt.Errorf("%d restarts, want %d", restarts, n)
		}
		return nil
	}
}

// diedWith wants the requests that failed to be those that the killed backends had in flight, and each of these to say why.
func diedWith(t *testing.T, dir string, outcomes []load.Outcome, killed []string) {
	t.Helper()
	ledger, err := load.ReadLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	failed := load.Report{Outcomes: outcomes}.Failed()
	if len(failed) == 0 {
		t.Error("nothing failed, although a replica with requests was killed")
	}
	for _, o := range failed {
		by, seen := ledger.Seen(o.ID)
		switch {
		case seen && !slices.Contains(killed, by):
			t.Errorf("%s failed, which was in flight on %q and not on %v: %v", o.ID, by, killed, o.Err)
		case !seen && !strings.Contains(o.Err.Error(), "connection termination"):
			// What was sent to a process that died before it read it can't be told from what it began to run.
			t.Errorf("%s failed, which was sent to nobody: %v", o.ID, o.Err)
		}
		if err := saysWhy(o); err != nil {
			t.Errorf("%s: %v", o.ID, err)
		}
	}
	t.Logf("%d of %d requests failed with the killed replica", len(failed), len(outcomes))
}

// saysWhy gives an error unless a failed request was answered with 503 and a reason in JSON, or as a gRPC call with
// UNAVAILABLE and a reason, or had its answer already begun.
func saysWhy(o load.Outcome) error {
	var refusal *load.Refusal
	switch {
	case !errors.As(o.Err, &refusal):
		if o.Status == http.StatusOK {
			return nil // its head was there: nothing can be said any more
		}
		return fmt.Errorf("no answer: %w", o.Err)
	case refusal.GRPC != "":
		if refusal.GRPC != "14" || refusal.Body == "" {
			return fmt.Errorf("want UNAVAILABLE and a reason: %w", refusal)
		}
	default:
		var body struct{ Error string }
		if err := json.Unmarshal([]byte(refusal.Body), &body); err != nil || body.Error == "" || refusal.Status != http.StatusServiceUnavailable {
			return fmt.Errorf("want 503 and a reason in JSON: %w", refusal)
		}
	}
	return nil
}

// slow asks the same service for answers that take a while, so that some are always in flight. It gives the end of that.
func (tr *constantLoad) slow(delay time.Duration) (end func() []load.Outcome) {
	tr.s.t.Helper()
	http2, grpc := load.NewHTTP2(tr.target), load.NewGRPC(tr.target)
	http2.Delay, grpc.Delay = delay, delay
	var runs []*load.Run
	for name, of := range map[string]client{"slow-http2": http2, "slow-grpc": grpc} {
		tr.s.t.Cleanup(of.Close)
		runs = append(runs, load.Start(tr.s.t.Context(), of, load.Options{Rate: arrivals / 2, Name: strings.Join([]string{tr.name(), name}, "-")}))
	}
	return func() []load.Outcome {
		tr.s.t.Helper()
		var outcomes []load.Outcome
		for _, run := range runs {
			report := run.Stop()
			tr.s.t.Log(report)
			outcomes = append(outcomes, report.Outcomes...)
		}
		return outcomes
	}
}
