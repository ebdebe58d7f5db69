package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
	"github.com/sluice-serving/sluice/xds/proxy"
	"github.com/sluice-serving/sluice/xds/server"
	"github.com/sluice-serving/sluice/xds/server/lrs"
	"github.com/sluice-serving/sluice/xds/server/stats"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dataPlane is a real Envoy that follows a server of its own.
type dataPlane struct {
	t      *testing.T
	dir    string
	server *server.Server
	// registry has the metrics of the present server.
	registry *prometheus.Registry
	proxy    *proxy.Proxy
	// loads has the present server's load reports, and reported their sums over all servers.
	loads    *lrs.Store
	reported *reported
	// answers has what Envoy counts of answers, over all servers.
	answers *answerSums
	limits  envoy.Limits
	port    uint16
	// stopServer ends the discovery server; startServer puts a new one in its place.
	stopServer func()
	// stopProxy ends Envoy in order and waits.
	stopProxy func()
	published ir.Config
}

const listenerName = "kserve/gateway/http"

// startDataPlane runs Envoy with one listener on a free port of loopback until the test ends.
func startDataPlane(t *testing.T) *dataPlane {
	t.Helper()
	return startLimited(t, envoy.Limits{}, proxy.Options{})
}

// startLimited runs it with limits: the listener's and backends', and the MaxConnections and MaxMemory of o.
func startLimited(t *testing.T, limits envoy.Limits, o proxy.Options) *dataPlane {
	t.Helper()
	binary, err := proxy.FindBinary("")
	if err != nil {
		t.Fatal(err)
	}
	// A test's own folder has too long a name for a unix socket.
	dir, err := os.MkdirTemp("", "sluice-xds")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &dataPlane{t: t, dir: dir, port: freePort(t), reported: newReported(), answers: newAnswerSums(), limits: limits}
	d.startServer()
	t.Cleanup(func() { d.stopServer() })

	o.Binary, o.Dir, o.XDSSocket = binary, dir, filepath.Join(dir, "xds.sock")
	o.Logger, o.Concurrency, o.DrainTime = testLogger(t, "envoy"), 2, 2*time.Second
	d.proxy, err = proxy.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.proxy.Run(ctx) }()
	d.stopProxy = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Envoy: %v", err)
		}
	})
	t.Cleanup(d.stopProxy)
	return d
}

// startServer begins a discovery server that knows nothing yet, as after a restart of the control plane.
func (d *dataPlane) startServer() {
	d.t.Helper()
	socket := filepath.Join(d.dir, "xds.sock")
	os.Remove(socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		d.t.Fatal(err)
	}
	d.registry = prometheus.NewRegistry()
	d.server = server.New(server.Options{Logger: testLogger(d.t, "xds"), Registerer: d.registry})
	d.loads = lrs.NewStore(lrs.StoreOptions{Observer: d.reported})
	g := grpc.NewServer(grpc.WaitForHandlers(true))
	d.server.Register(g)
	lrs.NewServer(lrs.ServerOptions{Logger: testLogger(d.t, "loads"), Store: d.loads}).Register(g)
	stats.NewServer(stats.ServerOptions{Logger: testLogger(d.t, "stats"), Store: stats.NewStore(stats.StoreOptions{Observers: []stats.Observer{d.answers}})}).Register(g)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = g.Serve(listener)
	}()
	d.stopServer = func() {
		g.Stop()
		<-ended
	}
}

// publish makes hosts and backends, on the one listener, the whole configuration and waits until Envoy has
// answered it.
func (d *dataPlane) publish(hosts []ir.Host, backends []ir.Backend) {
	d.t.Helper()
	d.publishConfig(ir.Config{Listeners: []ir.Listener{d.listener()}, Hosts: hosts, Backends: backends})
}

func (d *dataPlane) publishConfig(c ir.Config) {
	d.t.Helper()
	d.published = c
	revision := d.server.Replace(envoy.Resources(c, envoy.Options{Limits: d.limits}))
	d.settle(revision)
}

// settle waits until an Envoy is connected and has answered revision.
func (d *dataPlane) settle(revision server.Revision) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Second)
	defer cancel()
	for len(d.server.Clients()) == 0 {
		select {
		case <-d.server.Changed():
		case <-ctx.Done():
			d.t.Fatal("no Envoy connected")
		}
	}
	if err := d.server.Wait(ctx, revision); err != nil {
		d.t.Fatalf("Envoy did not answer revision %d: %v; clients: %+v", revision, err, d.server.Clients())
	}
	if err := d.proxy.WaitReady(ctx); err != nil {
		d.t.Fatal(err)
	}
}

func (d *dataPlane) listener() ir.Listener {
	return ir.Listener{Name: listenerName, Address: "127.0.0.1", Port: d.port, Object: ir.Ref{Kind: "Gateway", Namespace: "kserve", Name: "gateway"}}
}

// answer is what a client sees.
type answer struct {
	status  int
	body    string
	header  http.Header
	backend string
}

// request is one HTTP request; host is sent as it stands.
type request struct {
	method, host, path string
	header             http.Header
	body               string
}

func (d *dataPlane) get(host, path string) answer {
	d.t.Helper()
	return d.send(request{host: host, path: path})
}

func (d *dataPlane) send(r request) answer {
	d.t.Helper()
	return d.sendTo(d.port, r)
}

func (d *dataPlane) sendTo(port uint16, r request) answer {
	d.t.Helper()
	if r.method == "" {
		r.method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(d.t.Context(), r.method, fmt.Sprintf("http://127.0.0.1:%d%s", port, r.path), strings.NewReader(r.body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Host = r.host
	for name, values := range r.header {
		req.Header[name] = values
	}
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(req)
	if err != nil {
		d.t.Fatalf("%s %s%s: %v", r.method, r.host, r.path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer{status: response.StatusCode, body: string(body), header: response.Header, backend: response.Header.Get("X-Backend")}
}

// echoed is what an echo backend answers: the request as it arrived there.
type echoed struct {
	Backend string
	Method  string
	Host    string
	Path    string
	Header  http.Header
}

func (a answer) echoed(t *testing.T) echoed {
	t.Helper()
	var e echoed
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		t.Fatalf("status %d: no echo: %q", a.status, a.body)
	}
	return e
}

// echo starts a backend that answers with the request that it got, in HTTP/1.1 and HTTP/2.
func echo(t *testing.T, name string) ir.Backend {
	t.Helper()
	return serve(t, name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Backend", name)
		_ = json.NewEncoder(w).Encode(echoed{Backend: name, Method: r.Method, Host: r.Host, Path: r.RequestURI, Header: r.Header})
	}))
}

func serve(t *testing.T, name string, handler http.Handler) ir.Backend {
	t.Helper()
	backend := httptest.NewUnstartedServer(handler)
	backend.Config.Protocols = new(http.Protocols)
	backend.Config.Protocols.SetHTTP1(true)
	backend.Config.Protocols.SetUnencryptedHTTP2(true)
	backend.Start()
	t.Cleanup(backend.Close)
	address, port, err := net.SplitHostPort(backend.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return ir.Backend{
		Name: name, Protocol: ir.HTTP1, Object: ir.Ref{Kind: "Service", Namespace: "default", Name: name},
		Endpoints: []ir.Endpoint{{Address: address, Port: uint16(number)}},
	}
}

// host gives a host of the test's listener whose routes all match by prefix "/".
func host(name string, forwards ...ir.Weighted) ir.Host {
	return ir.Host{Listener: listenerName, Name: name, Routes: []ir.Route{route(name, ir.PathPrefix, "/", forwards...)}}
}

func route(name string, kind ir.PathKind, path string, to ...ir.Weighted) ir.Route {
	return ir.Route{
		Name: name, Object: ir.Ref{Kind: "HTTPRoute", Namespace: "default", Name: name},
		Match:   ir.Match{Path: ir.Path{Kind: kind, Value: path}},
		Forward: &ir.Forward{Backends: to},
	}
}

func all(b ir.Backend) ir.Weighted { return ir.Weighted{Backend: b.Name, Weight: 1} }

func freePort(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

// testLogger writes to the test's own output.
func testLogger(t *testing.T, part string) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})).With("part", part)
}

// sendRaw sends bytes that Go's client would not.
func (d *dataPlane) sendRaw(port uint16, text string) *http.Response {
	d.t.Helper()
	connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		d.t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, text); err != nil {
		d.t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	response.Body.Close()
	return response
}

func (d *dataPlane) url(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", d.port, path)
}

func addressOf(e ir.Endpoint) string { return net.JoinHostPort(e.Address, strconv.Itoa(int(e.Port))) }
