package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sluice-serving/sluice/test/load"
)

// TestRemovalUnderLoad removes a service that is asked all the time: what it has in flight is answered, what comes later is
// refused in good form and reaches no server, and the service beside it notices nothing.
func TestRemovalUnderLoad(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	manifest := filepath.Join(dir, "m.yaml")
	write(t, manifest, counted{name: "m", mark: "m", ledger: ledger}.yaml(t))
	write(t, filepath.Join(dir, "other.yaml"), counted{name: "other", mark: "other", ledger: ledger}.yaml(t))
	s := start(t, dir)
	going := pids(s.waitService("m", running(1)))
	other := pids(s.waitService("other", running(1)))
	removed, beside := s.underLoad("m", ledger), s.underLoad("other", ledger)
	gate, gateBeside := removed.open(2), beside.open(1)

	if err := os.Remove(manifest); err != nil {
		t.Fatal(err)
	}
	removed.awaitRefusals()
	removed.stillOpen()
	beside.stillOpen()
	write(t, gate, "")
	eventually(t, startTimeout, "the removed service's end", func() error {
		for name, pid := range going {
			if runs(pid) {
				return fmt.Errorf("%s still runs with pid %d", name, pid)
			}
		}
		return nil
	})
	write(t, gateBeside, "")
	outcomes := removed.stop()
	onlyRefused(t, ledger, outcomes, http.StatusNotFound, http.StatusServiceUnavailable)
	besides := beside.stop()
	noneFailed(t, besides)
	beside.keptConnections()
	balanced(t, ledger, slices.Concat(outcomes, besides))
	if now := pids(s.waitService("other", running(1))); fmt.Sprint(now) != fmt.Sprint(other) {
		t.Errorf("the other service was restarted: %v, before %v", now, other)
	}
}

// onlyRefused wants of each request that failed that it got an answer of one of these statuses, or the like for a gRPC call,
// and that no backend saw it. At least one must have.
func onlyRefused(t *testing.T, dir string, outcomes []load.Outcome, statuses ...int) {
	t.Helper()
	ledger, err := load.ReadLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	// The gRPC statuses that Envoy makes of 404 and 503: UNIMPLEMENTED and UNAVAILABLE.
	calls := map[int]string{http.StatusNotFound: "12", http.StatusServiceUnavailable: "14"}
	failed := load.Report{Outcomes: outcomes}.Failed()
	if len(failed) == 0 {
		t.Error("nothing was refused")
	}
	var bad []load.Outcome
	for _, o := range failed {
		var refusal *load.Refusal
		_, seen := ledger.Seen(o.ID)
		known := errors.As(o.Err, &refusal) && slices.ContainsFunc(statuses, func(status int) bool {
			return refusal.GRPC == "" && refusal.Status == status || refusal.GRPC != "" && refusal.GRPC == calls[status]
		})
		if seen || !known {
			bad = append(bad, o)
		}
	}
	if len(bad) > 0 {
		t.Errorf("%d of %d requests that failed did so in another way than by one of %v, before any server:\n%s", len(bad), len(failed), statuses, load.Describe(bad))
	}
}

// portRefused wants of each request that failed at a port that went that it was refused: with an answer where its connection
// was still there, else with none, and always before any server saw it.
func portRefused(t *testing.T, dir string, outcomes []load.Outcome) {
	t.Helper()
	outcomes = slices.DeleteFunc(slices.Clone(outcomes), func(o load.Outcome) bool { return errors.Is(o.Err, syscall.ECONNREFUSED) })
	onlyRefused(t, dir, outcomes, http.StatusNotFound)
}

// routeTo is an HTTPRoute to the service m by hosts, over one of the Gateway's listeners; extra is put into its rule.
func routeTo(name, gateway, extra string, hosts ...string) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: %s}
spec:
  parentRefs: [%s]
  hostnames: [%s]
  rules:
    - matches:
        - path: {type: PathPrefix, value: /}
          headers: [{name: content-type, type: RegularExpression, value: "application/grpc.*"}]
      backendRefs: [{name: m-predictor, port: 9000}]
%s    - backendRefs: [{name: m-predictor, port: 80}]
%s`, name, gateway, strings.Join(hosts, ", "), extra, extra)
}

// ownGateway is the parent of routes at sluice's own port.
const ownGateway = "{namespace: kserve, name: kserve-ingress-gateway}"

// TestHostAndPortGoUnderLoad takes away a host, and then a port, beside others that are asked all the time: the requests
// that came by what goes run to their end, and the others notice nothing.
func TestHostAndPortGoUnderLoad(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	port := freePort(t)
	gateway := func(listeners string) string {
		return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: extra}
spec:
  gatewayClassName: sluice
  listeners:
` + listeners
	}
	kept := fmt.Sprintf("    - {name: kept, port: %d, protocol: HTTP}\n", freePort(t))
	going := fmt.Sprintf("    - {name: going, port: %d, protocol: HTTP}\n", port)
	write(t, filepath.Join(dir, "m.yaml"), counted{name: "m", mark: "m", ledger: ledger}.yaml(t))
	write(t, filepath.Join(dir, "gateway.yaml"), gateway(kept+going))
	write(t, filepath.Join(dir, "hosts.yaml"), routeTo("hosts", ownGateway, "", "stays.localhost", "goes.localhost"))
	write(t, filepath.Join(dir, "port.yaml"), routeTo("port", "{name: extra}", "", "port.localhost"))
	s := start(t, dir)
	s.waitService("m", running(1))
	at := func(host string, port int) load.Target {
		return load.Target{Dial: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Authority: host}
	}
	eventually(t, startTimeout, "the routes", func() error {
		problems, err := s.admin.Problems(t.Context())
		if err == nil && len(problems) > 0 {
			err = fmt.Errorf("problems: %+v", problems)
		}
		return err
	})
	beside := s.underLoadAt(at("stays.localhost", s.port), ledger)
	goes, byPort := s.underLoadAt(at("goes.localhost", s.port), ledger), s.underLoadAt(at("port.localhost", port), ledger)
	gate, gateHost, gatePort := beside.open(1), goes.open(1), byPort.open(1)

	write(t, filepath.Join(dir, "hosts.yaml"), routeTo("hosts", ownGateway, "", "stays.localhost"))
	goes.awaitRefusals()
	goes.stillOpen()
	write(t, gateHost, "")
	ofHost := goes.stop()
	onlyRefused(t, ledger, ofHost, http.StatusNotFound)

	write(t, filepath.Join(dir, "gateway.yaml"), gateway(kept))
	byPort.awaitRefusals()
	byPort.stillOpen()
	write(t, gatePort, "")
	ofPort := byPort.stop()
	portRefused(t, ledger, ofPort)
	beside.stillOpen()
	write(t, gate, "")
	besides := beside.stop()
	noneFailed(t, besides)
	beside.keptConnections()
	balanced(t, ledger, slices.Concat(ofHost, ofPort, besides))
}

// TestHeadersAndTimeoutsChangeUnderLoad changes a route's headers and timeouts and a service's timeout, again and again:
// no request fails, no stream is cut by a timeout that came after it, no replica is touched.
func TestHeadersAndTimeoutsChangeUnderLoad(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	service := func(timeout int) string {
		return strings.Replace(counted{name: "m", mark: "m", ledger: ledger}.yaml(t), "timeout: 600", fmt.Sprintf("timeout: %d", timeout), 1)
	}
	route := func(n int) string {
		return routeTo("r", ownGateway, fmt.Sprintf(`      timeouts: {request: %ds}
      filters:
        - type: ResponseHeaderModifier
          responseHeaderModifier: {set: [{name: x-change, value: "%d"}]}
`, 100+n, n), "r.localhost")
	}
	write(t, filepath.Join(dir, "m.yaml"), service(600))
	write(t, filepath.Join(dir, "route.yaml"), route(0))
	s := start(t, dir)
	before := pids(s.waitService("m", running(1)))
	client := s.client()
	changedTo := func(n int) {
		t.Helper()
		eventually(t, startTimeout, "the changed header", func() error {
			got, err := ask(client, http.MethodGet, fmt.Sprintf("http://r.localhost:%d/ready", s.port), "")
			if err == nil && got.header.Get("x-change") != strconv.Itoa(n) {
				err = fmt.Errorf("%d %s %v", got.status, got.body, got.header)
			}
			return err
		})
	}
	changedTo(0)
	byRoute := s.underLoadAt(load.Target{Dial: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Authority: "r.localhost"}, ledger)
	byService := s.underLoad("m", ledger)
	gate, gateService := byRoute.open(1), byService.open(1)
	for n := 1; n <= 10; n++ {
		write(t, filepath.Join(dir, "route.yaml"), route(n))
		write(t, filepath.Join(dir, "m.yaml"), service(600+n))
		changedTo(n)
	}
	byRoute.stillOpen()
	byService.stillOpen()
	write(t, gate, "")
	write(t, gateService, "")
	outcomes := byRoute.stop()
	byRoute.keptConnections()
	besides := byService.stop()
	byService.keptConnections()
	noneFailed(t, slices.Concat(outcomes, besides))
	balanced(t, ledger, slices.Concat(outcomes, besides))
	if now := pids(s.waitService("m", running(1))); fmt.Sprint(now) != fmt.Sprint(before) {
		t.Errorf("a changed timeout restarted the service: %v, before %v", now, before)
	}
}
