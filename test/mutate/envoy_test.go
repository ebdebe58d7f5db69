package mutate

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
	"unicode"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/sluice-serving/sluice/controller/translate"
	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
	"github.com/sluice-serving/sluice/xds/proxy"
	"github.com/sluice-serving/sluice/xds/server"
)

// sample is how many mutated documents that change something a real Envoy is given.
const sample = 200

// envoyListener is the one listener that Envoy opens, whatever the documents ask for.
const envoyListener = "test"

func TestEnvoyTakesWhatMutatedDocumentsAskFor(t *testing.T) {
	t.Parallel()
	worlds, donors := newWorlds(t)
	var hosts []ir.Host
	var backends []ir.Backend
	beyond := newBeyondHosts(t)
	for _, w := range worlds {
		beyond.begin(w)
	}
	for number, taken := 0, 0; taken < sample; number++ {
		m := mutator{rand.New(rand.NewPCG(*seed, 1<<40+uint64(number))), donors}
		w := m.world(worlds)
		index := m.IntN(len(w.seeds))
		objects, _ := w.parse(index, m.document(w.seeds[index]))
		if len(objects) == 0 {
			continue
		}
		taken++
		for _, ready := range []bool{false, true} {
			change, _ := w.apply(exchange{index: index, objects: objects, ready: ready})
			beyond.take(w, change)
			for _, host := range change.Hosts {
				hosts = append(hosts, alone(host, len(hosts)))
			}
			for _, backend := range change.Backends {
				backend.Name = fmt.Sprintf("%d/%s", len(backends), backend.Name)
				backends = append(backends, backend)
			}
		}
		restored, _ := w.apply(exchange{index: -1, ready: true})
		beyond.take(w, restored)
	}
	hosts = append(hosts, expressions(t, len(hosts))...)
	config := beyond.config
	config.Hosts, config.Backends = hosts, backends
	accepts(t, config)
}

// alone gives a host a name of its own on the one listener. The backends that it leads to have names of their own as well, so
// that each is given as often as it was changed; Envoy takes routes to clusters that it lacks.
func alone(host ir.Host, number int) ir.Host {
	host.Listener, host.Name = envoyListener, fmt.Sprintf("h%d.example.com", number)
	return host
}

// expressions gives a host for each expression that translation takes of the odd ones, and of all Unicode classes.
func expressions(t *testing.T, number int) []ir.Host {
	t.Helper()
	texts := slices.Clone(oddStrings)
	for name := range unicode.Scripts {
		texts = append(texts, `\p{`+name+`}`)
	}
	for name := range unicode.Categories {
		texts = append(texts, `\P{`+name+`}`, `(?i)\p{^`+name+`}`)
	}
	slices.Sort(texts)
	var hosts []ir.Host
	for _, text := range texts {
		config := translate.Translate(routeOf(text)).Config
		for _, host := range config.Hosts {
			if len(host.Routes) == 1 && host.Routes[0].Match.Path.Kind == ir.PathRegex {
				hosts = append(hosts, alone(host, number+len(hosts)))
			}
		}
	}
	if len(hosts) < 150 {
		t.Errorf("translation takes %d of %d expressions", len(hosts), len(texts))
	}
	return hosts
}

// accepts gives a configuration to a real Envoy and reports what it refuses.
func accepts(t *testing.T, config ir.Config) {
	t.Helper()
	binary, err := proxy.FindBinary("")
	if err != nil {
		t.Fatal(err)
	}
	// A test's own folder has too long a name for a unix socket.
	dir, err := os.MkdirTemp("", "sluice-mutate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "xds.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	discovery := server.New(server.Options{Logger: logger, Registerer: prometheus.NewRegistry()})
	g := grpc.NewServer(grpc.WaitForHandlers(true))
	discovery.Register(g)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = g.Serve(listener)
	}()
	defer func() {
		g.Stop()
		<-served
	}()
	p, err := proxy.New(proxy.Options{Binary: binary, Dir: dir, XDSSocket: socket, Logger: logger, Concurrency: 1, DrainTime: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Envoy: %v", err)
		}
	}()

	authorities := filepath.Join(dir, "authorities.pem")
	if err := os.WriteFile(authorities, authority(t), 0o600); err != nil {
		t.Fatal(err)
	}
	config.Listeners = append(config.Listeners, ir.Listener{Name: envoyListener, Address: "127.0.0.1", Port: freePort(t)})
	revision := discovery.Replace(envoy.Resources(config, envoy.Options{TrustedCA: authorities}))
	settled, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	for len(discovery.Clients()) == 0 {
		select {
		case <-discovery.Changed():
		case <-settled.Done():
			t.Fatal("no Envoy connected")
		}
	}
	if err := discovery.Wait(settled, revision); err != nil {
		t.Fatalf("Envoy has not answered: %v", err)
	}
	for _, r := range discovery.Rejections() {
		t.Errorf("Envoy refuses %s: %.600s", r.Name, r.Reason)
	}
	t.Logf("Envoy was given %d hosts, %d backends, %d listeners, %d certificates and %d token policies",
		len(config.Hosts), len(config.Backends), len(config.Listeners), len(config.Certificates), len(config.Tokens))
}

func freePort(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}
