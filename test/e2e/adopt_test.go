package e2e

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/test/load"
)

// TestKilledSluiceIsTakenUpUnderLoad kills sluice under load and starts it again: no request fails, Envoy and the models stay
// the processes that they were, no connection is made anew, and Envoy is sent nothing that it has.
func TestKilledSluiceIsTakenUpUnderLoad(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "m.yaml"), counted{name: "m", mark: "v1", ledger: ledger, fields: []string{"minReplicas: 2"}}.yaml(t))
	write(t, filepath.Join(dir, "split.yaml"), counted{name: "split", mark: "v1", ledger: ledger}.yaml(t))
	s := start(t, dir)
	s.waitService("m", running(2))
	s.waitService("split", running(1))
	write(t, filepath.Join(dir, "split.yaml"), counted{name: "split", mark: "v2", ledger: ledger, fields: []string{"canaryTrafficPercent: 30"}}.yaml(t))
	s.waitService("split", traffic(70, 30))

	envoy, models := s.envoy(t), pids(s.waitService("m", running(2)))
	both := pids(s.waitService("split", traffic(70, 30)))
	tr, other := s.underLoad("m", ledger), s.underLoad("split", ledger)
	gate := tr.open(2)
	for range 2 {
		s.kill()
		tr.awaitAnswers(100)
		s.again()
		s.waitService("split", traffic(70, 30))
		if now := pids(s.waitService("m", running(2))); fmt.Sprint(now) != fmt.Sprint(models) {
			t.Errorf("m's processes are %v, before %v", now, models)
		}
		if now := pids(s.waitService("split", ready)); fmt.Sprint(now) != fmt.Sprint(both) {
			t.Errorf("split's processes are %v, before %v", now, both)
		}
		if now := s.envoy(t); now != envoy {
			t.Errorf("Envoy is %d, before %d", now, envoy)
		}
		if n := s.total(t, "sluice_xds_resources_sent_total") + s.total(t, "sluice_xds_resources_removed_total"); n != 0 {
			t.Errorf("%d resources were sent or removed although nothing had changed", n)
		}
		if n := s.total(t, "sluice_xds_clients"); n != 1 {
			t.Errorf("%d Envoys are connected", n)
		}
		tr.awaitAnswers(100)
		tr.stillOpen()
	}
	tr.keptConnections()
	other.keptConnections()
	write(t, gate, "")
	outcomes := append(tr.stop(), other.stop()...)
	noneFailed(t, outcomes)
	balanced(t, ledger, outcomes)
}

// TestChangesWhileSluiceIsDeadAreCaughtUp removes, changes and adds manifests while no sluice runs, with a stream open on what is
// removed and one on a replica that was about to go.
func TestChangesWhileSluiceIsDeadAreCaughtUp(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name+".yaml") }
	manifest := func(name, mark string) string { return counted{name: name, mark: mark, ledger: ledger}.yaml(t) }
	for _, name := range []string{"stays", "goes", "changes", "drains"} {
		write(t, file(name), manifest(name, "v1"))
	}
	s := start(t, dir)
	for _, name := range []string{"stays", "goes", "changes", "drains"} {
		s.waitService(name, running(1))
	}
	stays, changes := s.underLoad("stays", ledger), s.underLoad("changes", ledger)
	goes, drains := s.underLoad("goes", ledger), s.underLoad("drains", ledger)
	gate, held := goes.open(2), drains.open(2)
	leaving := pids(s.waitService("goes", ready))
	changed := pids(s.waitService("changes", ready))
	untouched := pids(s.waitService("stays", ready))
	goes.onlyStreams()

	// The old replica of this one waits for its streams when sluice is killed.
	write(t, file("drains"), manifest("drains", "v2"))
	s.waitService("drains", all(revision("00002"), running(1)))
	s.kill()
	if err := os.Remove(file("goes")); err != nil {
		t.Fatal(err)
	}
	write(t, file("changes"), manifest("changes", "v2"))
	write(t, file("comes"), manifest("comes", "v1"))
	s.again()
	s.waitService("comes", running(1))
	comes := s.underLoad("comes", ledger)
	s.waitService("changes", all(revision("00002"), running(1)))
	if now := pids(s.waitService("changes", ready)); fmt.Sprint(now) == fmt.Sprint(changed) {
		t.Errorf("the changed service still has the processes %v", now)
	}
	if now := pids(s.waitService("stays", ready)); fmt.Sprint(now) != fmt.Sprint(untouched) {
		t.Errorf("the unchanged service has the processes %v, before %v", now, untouched)
	}
	eventually(t, startTimeout, "the removed service's host", func() error {
		got, err := ask(s.client(), http.MethodGet, s.url("goes", "/"), "")
		if err == nil && got.status != http.StatusNotFound {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})
	comes.awaitAnswers(50)
	drains.awaitAnswers(50)
	goes.stillOpen()
	drains.stillOpen()
	for name, pid := range leaving {
		if !runs(pid) {
			t.Errorf("%s was ended with streams open", name)
		}
	}
	write(t, gate, "")
	write(t, held, "")
	eventually(t, startTimeout, "what was removed to end", func() error {
		for name, pid := range leaving {
			if runs(pid) {
				return fmt.Errorf("%s still runs with pid %d", name, pid)
			}
		}
		return nil
	})
	s.waitService("drains", all(running(1), gone))
	var outcomes []load.Outcome
	for _, tr := range []*constantLoad{stays, changes, drains, comes, goes} {
		outcomes = append(outcomes, tr.stop()...)
	}
	noneFailed(t, outcomes)
	balanced(t, ledger, outcomes)
	s.noOrphans(t)
}

// TestFlagsThatChangeOverAKillTakeEffect starts again with another port and an access log: the same Envoy serves by them.
func TestFlagsThatChangeOverAKillTakeEffect(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	s := start(t, dir)
	s.waitService("sentiment", ready)
	envoy, before := s.envoy(t), s.port
	s.kill()
	s.port = freePort(t)
	log := filepath.Join(t.TempDir(), "access.log")
	s.again("--access-log", log)
	s.waitService("sentiment", ready)
	s.mustAsk(s.client(), http.MethodGet, s.url("sentiment", "/v1/models/sentiment"), "")
	if now := s.envoy(t); now != envoy {
		t.Errorf("Envoy is %d, before %d", now, envoy)
	}
	eventually(t, startTimeout, "the old port closed", func() error {
		response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", before))
		if err != nil {
			return nil
		}
		defer response.Body.Close()
		return fmt.Errorf("it answers %d", response.StatusCode)
	})
	eventually(t, startTimeout, "the request in the access log", func() error {
		if data, err := os.ReadFile(log); err != nil || !strings.Contains(string(data), "/v1/models/sentiment") {
			return fmt.Errorf("%q: %w", data, errors.Join(err, errors.New("not in it")))
		}
		return nil
	})

	// The same port on every address, which Envoy has on one.
	s.kill()
	s.again("--listen", "0.0.0.0")
	s.waitService("sentiment", ready)
	s.mustAsk(s.client(), http.MethodGet, s.url("sentiment", "/v1/models/sentiment"), "")
}

// TestAdoptedProcessesAreStopped kills sluice twice: what is left is ended by `sluice stop` alone, and by that of a sluice that
// has adopted it.
func TestAdoptedProcessesAreStopped(t *testing.T) {
	t.Parallel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, quickstart(t))
	s.waitReady()
	s.kill()
	s.again()
	s.waitReady()
	service := s.waitService("iris", ready)
	pod := service.Pods[0].Containers[0]
	if pod.PID == 0 || pod.StartedAt.IsZero() || pod.Restarts != 0 {
		t.Errorf("an adopted container is shown as %+v", pod)
	}
	if code, out := runCommand(t, path, "logs", "iris", "--admin="+s.address); code != 0 || !strings.Contains(out, "iris") {
		t.Errorf("logs: exit %d, %s", code, out)
	}
	if code, out := runCommand(t, path, "stop", "--state-dir", s.state); code != 0 || !strings.Contains(out, "stopped sluice") {
		t.Errorf("stop: exit %d, %s", code, out)
	}
	if err := <-s.exited; err != nil {
		t.Error(err)
	}
	s.command = nil
	s.nothingLeft(t)

	s.again()
	s.waitReady()
	s.kill()
	if code, out := runCommand(t, path, "stop", "--state-dir", s.state); code != 0 || !strings.Contains(out, "no sluice runs there any more") {
		t.Errorf("stop: exit %d, %s", code, out)
	}
	s.nothingLeft(t)
}

// TestKilledInTheMiddleOfUpdates kills sluice again and again at random moments of rolling updates. It ends in the right state,
// with no process that belongs to nothing, and no request has failed, not even to the service that was being updated.
func TestKilledInTheMiddleOfUpdates(t *testing.T) {
	t.Parallel()
	const kills = 10
	dir, ledger := t.TempDir(), t.TempDir()
	manifest := func(name, mark string) {
		write(t, filepath.Join(dir, name+".yaml"), counted{name: name, mark: mark, ledger: ledger, fields: []string{
			"minReplicas: 2", "deploymentStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}",
		}}.yaml(t))
	}
	manifest("steady", "v0")
	manifest("moving", "v0")
	s := start(t, dir)
	s.waitService("steady", running(2))
	s.waitService("moving", running(2))
	envoy, untouched := s.envoy(t), pids(s.waitService("steady", ready))
	steady, moving := s.underLoad("steady", ledger), s.underLoad("moving", ledger)
	for i := range kills {
		manifest("moving", fmt.Sprintf("v%d", i+1))
		moment := time.Duration(rand.IntN(4000)) * time.Millisecond
		time.Sleep(moment) // any moment is right: it is what is tried
		t.Logf("kill %d after %s", i+1, moment)
		s.kill()
		s.again()
	}
	s.waitService("moving", all(running(2), gone, func(service admin.Service) error {
		for _, pod := range service.Pods {
			for _, c := range pod.Containers {
				data, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", c.PID))
				if err != nil || !strings.Contains(string(data), fmt.Sprintf("=v%d\x00", kills)) {
					return fmt.Errorf("%s has not the newest template: %w", pod.Name, errors.Join(err, errors.New("another mark")))
				}
			}
		}
		return nil
	}))
	if now := pids(s.waitService("steady", running(2))); fmt.Sprint(now) != fmt.Sprint(untouched) {
		t.Errorf("the service that did not change has the processes %v, before %v", now, untouched)
	}
	if now := s.envoy(t); now != envoy {
		t.Errorf("Envoy is %d, before %d", now, envoy)
	}
	outcomes := append(steady.stop(), moving.stop()...)
	noneFailed(t, outcomes)
	balanced(t, ledger, outcomes)
	s.noOrphans(t)
}

// TestKilledWhileItStops interrupts sluice, which then waits for a stream, and kills it. The Envoy that is left takes no
// connections any more, so that the next start has one of its own.
func TestKilledWhileItStops(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "m.yaml"), counted{name: "m", mark: "v1", ledger: ledger}.yaml(t))
	s := start(t, dir)
	s.waitService("m", running(1))
	tr := s.underLoad("m", ledger)
	tr.onlyStreams()
	gate := tr.open(1)
	envoy, models := s.envoy(t), pids(s.waitService("m", ready))
	if err := s.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	eventually(t, startTimeout, "the port closed", func() error {
		connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err != nil {
			return nil
		}
		return errors.Join(errors.New("it is open"), connection.Close())
	})
	s.kill()
	tr.stillOpen()
	s.again()
	// The old Envoy is drained once more before it is replaced.
	write(t, gate, "")
	s.waitService("m", running(1))
	noneFailed(t, tr.stop())
	again := s.underLoad("m", ledger)
	again.awaitAnswers(20)
	noneFailed(t, again.stop())
	if now := s.envoy(t); now == envoy {
		t.Errorf("Envoy %d, whose end had begun, goes on", now)
	}
	if now := pids(s.waitService("m", running(1))); fmt.Sprint(now) != fmt.Sprint(models) {
		t.Errorf("the processes, whose end had not begun, are %v, before %v", now, models)
	}
	s.noOrphans(t)
}

// TestKilledWhileItStarts kills sluice at moments before it serves: the next start serves, with one Envoy and one process.
func TestKilledWhileItStarts(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "m.yaml"), counted{name: "m", mark: "v1", ledger: ledger}.yaml(t))
	s := start(t, dir)
	for range 8 {
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond) // any moment is right: it is what is tried
		s.kill()
		s.again()
	}
	s.waitService("m", all(running(1), gone))
	tr := s.underLoad("m", ledger)
	tr.awaitAnswers(20)
	tr.end()
	s.noOrphans(t)
	if envoys := processesNaming(t, filepath.Join(s.state, "envoy", "bootstrap.json")); len(envoys) != 1 {
		t.Errorf("Envoys: %v", envoys)
	}
}

// onlyStreams ends the requests that come one by one; streams stay open.
func (tr *constantLoad) onlyStreams() {
	for _, run := range tr.runs {
		tr.past = append(tr.past, run.Stop().Outcomes...)
	}
	tr.runs = nil
}

// total is the sum of all series of a metric.
func (s *sluice) total(t *testing.T, name string) int {
	t.Helper()
	response, err := http.Get("http://" + s.address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, found := range regexp.MustCompile(`(?m)^`+name+`(?:\{.*\})? (\d+)$`).FindAllStringSubmatch(string(body), -1) {
		n, err := strconv.Atoi(found[1])
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// marked are the processes of this sluice's pods, by pid.
func (s *sluice) marked(t *testing.T) map[int]string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(data), "SLUICE_POD="+s.state+"/") {
			continue
		}
		if pid, err := strconv.Atoi(strings.Split(file, "/")[2]); err == nil && runs(pid) {
			found[pid] = strings.ReplaceAll(string(data), "\x00", " ")
		}
	}
	return found
}

// noOrphans wants every process of this sluice's pods to be one that is shown.
func (s *sluice) noOrphans(t *testing.T) {
	t.Helper()
	eventually(t, startTimeout, "every process to belong to a pod", func() error {
		services, err := s.admin.Services(t.Context(), "")
		if err != nil {
			return err
		}
		known := map[int]bool{}
		for _, service := range services {
			for _, pid := range pids(service) {
				known[pid] = true
			}
		}
		for pid, environment := range s.marked(t) {
			if !known[pid] {
				return fmt.Errorf("process %d belongs to no pod: %.300s", pid, environment)
			}
		}
		return nil
	})
}

// nothingLeft wants no process of this sluice's to be there.
func (s *sluice) nothingLeft(t *testing.T) {
	t.Helper()
	if left := s.marked(t); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
	if left := processesNaming(t, s.state); len(left) > 0 {
		t.Errorf("processes of %s are left: %v", s.state, left)
	}
}
