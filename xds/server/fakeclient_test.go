package server_test

import (
	"context"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
	"github.com/sluice-serving/sluice/xds/server"
)

// inProcess is a server on an in-memory connection.
type inProcess struct {
	t          *testing.T
	server     *server.Server
	connection *grpc.ClientConn
}

func startInProcess(t *testing.T) *inProcess {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	s := server.New(server.Options{Logger: testLogger(t, "xds"), Patience: time.Minute})
	g := grpc.NewServer(grpc.WaitForHandlers(true))
	s.Register(g)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = g.Serve(listener)
	}()
	connection, err := grpc.NewClient("passthrough:bufconn",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = connection.Close()
		g.Stop()
		<-ended
	})
	return &inProcess{t: t, server: s, connection: connection}
}

// wait publishes nothing: it waits until every client has answered r.
func (p *inProcess) wait(r server.Revision) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 10*time.Second)
	defer cancel()
	if err := p.server.Wait(ctx, r); err != nil {
		p.t.Fatalf("revision %d is not answered: %v: %+v", r, err, p.server.Clients())
	}
}

// fakeEnvoy follows the protocol as Envoy 1.40 does: it asks for the endpoints of clusters it is given, answers
// a response of clusters only when all of them are warm, and asks for scopes and extensions when it has a
// listener. A content that it refuses takes the whole response with it.
type fakeEnvoy struct {
	t      *testing.T
	stream discovery.AggregatedDiscoveryService_DeltaAggregatedResourcesClient
	// naming makes its errors name the resources to blame.
	naming bool

	mu       sync.Mutex
	held     map[string]map[string]held
	received []string // "+Cluster a" and "-Cluster a", in order
	// faults are scopes whose cluster was not there: "SCOPE CLUSTER".
	faults []string
	// warming are clusters without endpoints yet; pending is the answer that waits for them.
	warming map[string]bool
	pending *discovery.DeltaDiscoveryRequest
	opened  map[string]bool
	// gone says that the server told that a name asked for does not exist.
	gone  map[string]bool
	ended chan struct{}
	stop  func()
}

// held is a resource as the client has it: its version and its content.
type held struct{ version, content string }

// connect opens a stream under a node id that no other has had. earlier is what the client had when its last stream ended, nil at its start.
func (p *inProcess) connect(node string, naming bool, earlier *fakeEnvoy) *fakeEnvoy {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := discovery.NewAggregatedDiscoveryServiceClient(p.connection).DeltaAggregatedResources(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	f := &fakeEnvoy{
		t: p.t, stream: stream, naming: naming,
		held: map[string]map[string]held{}, warming: map[string]bool{}, opened: map[string]bool{}, gone: map[string]bool{},
		ended: make(chan struct{}), stop: cancel,
	}
	for _, typeURL := range envoy.Types() {
		f.held[typeURL] = map[string]held{}
		if earlier != nil {
			f.held[typeURL] = maps.Clone(earlier.held[typeURL])
		}
	}
	f.open(envoy.ClusterType, node)
	if earlier != nil {
		for _, typeURL := range envoy.Types()[1:] {
			if earlier.opened[typeURL] {
				f.open(typeURL, "")
			}
		}
	} else {
		f.open(envoy.ListenerType, "")
	}
	go f.follow()
	p.t.Cleanup(f.disconnect)
	for !slices.ContainsFunc(p.server.Clients(), func(c server.Client) bool { return c.Node == node }) {
		<-p.server.Changed()
	}
	return f
}

func (f *fakeEnvoy) disconnect() {
	f.stop()
	<-f.ended
}

// open sends the first request of a type.
func (f *fakeEnvoy) open(typeURL, node string) {
	f.opened[typeURL] = true
	req := &discovery.DeltaDiscoveryRequest{TypeUrl: typeURL, InitialResourceVersions: map[string]string{}}
	if node != "" {
		req.Node = &corev3.Node{Id: node}
	}
	for name, h := range f.held[typeURL] {
		req.InitialResourceVersions[name] = h.version
	}
	switch typeURL {
	case envoy.EndpointType:
		req.ResourceNamesSubscribe = slices.Sorted(maps.Keys(f.held[envoy.ClusterType]))
	case envoy.ExtensionType:
		req.ResourceNamesSubscribe = slices.Sorted(maps.Keys(f.held[envoy.ListenerType]))
	}
	_ = f.stream.Send(req)
}

func (f *fakeEnvoy) follow() {
	defer close(f.ended)
	for {
		response, err := f.stream.Recv()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.handle(response)
		f.mu.Unlock()
	}
}

func (f *fakeEnvoy) handle(r *discovery.DeltaDiscoveryResponse) {
	typeURL := r.GetTypeUrl()
	kind := typeURL[strings.LastIndexByte(typeURL, '.')+1:]
	reply := &discovery.DeltaDiscoveryRequest{TypeUrl: typeURL, ResponseNonce: r.GetNonce()}
	var culprits []string
	for _, resource := range r.GetResources() {
		f.received = append(f.received, "+"+kind+" "+resource.GetName())
		if refuses(content(f.t, resource.GetResource())) {
			culprits = append(culprits, resource.GetName())
		}
	}
	for _, name := range r.GetRemovedResources() {
		f.received = append(f.received, "-"+kind+" "+name)
	}
	if len(culprits) > 0 {
		message := "constraint validation failed"
		if f.naming {
			message = "Error adding/updating: " + strings.Join(culprits, ": invalid, ") + ": invalid"
		}
		reply.ErrorDetail = &rpcstatus.Status{Code: 13, Message: message}
		_ = f.stream.Send(reply)
		return
	}
	for _, resource := range r.GetResources() {
		f.apply(typeURL, resource)
	}
	for _, name := range r.GetRemovedResources() {
		f.remove(typeURL, name)
	}
	switch {
	case typeURL == envoy.ClusterType && len(f.warming) > 0:
		f.pending = reply
	default:
		_ = f.stream.Send(reply)
	}
	if f.pending != nil && len(f.warming) == 0 {
		_ = f.stream.Send(f.pending)
		f.pending = nil
	}
}

// refuses says what a fake Envoy does not take: anything bad, and two clashes in one.
func refuses(text string) bool {
	return strings.Contains(text, "bad") || strings.Count(text, "clash") > 1
}

func (f *fakeEnvoy) apply(typeURL string, r *discovery.Resource) {
	text := content(f.t, r.GetResource())
	_, had := f.held[typeURL][r.GetName()]
	f.held[typeURL][r.GetName()] = held{version: r.GetVersion(), content: text}
	switch typeURL {
	case envoy.ClusterType:
		f.warming[r.GetName()] = true
		if !had {
			f.subscribe(envoy.EndpointType, r.GetName())
		}
	case envoy.EndpointType:
		delete(f.warming, r.GetName())
	case envoy.ListenerType:
		if !f.opened[envoy.ScopeType] {
			f.open(envoy.ScopeType, "")
		}
		if !had {
			f.subscribe(envoy.ExtensionType, r.GetName())
		}
	case envoy.ScopeType:
		_, cluster, _ := strings.Cut(text, "→")
		_, known := f.held[envoy.ClusterType][cluster]
		_, warm := f.held[envoy.EndpointType][cluster]
		if cluster != "" && (!known || !warm && !f.gone[cluster] || f.warming[cluster]) {
			f.faults = append(f.faults, r.GetName()+" "+cluster)
		}
	}
}

func (f *fakeEnvoy) remove(typeURL, name string) {
	if typeURL == envoy.EndpointType {
		f.gone[name] = true
		delete(f.warming, name)
	}
	if _, has := f.held[typeURL][name]; !has {
		return
	}
	delete(f.held[typeURL], name)
	switch typeURL {
	case envoy.ClusterType:
		for scope, h := range f.held[envoy.ScopeType] {
			if strings.HasSuffix(h.content, "→"+name) {
				f.faults = append(f.faults, scope+" "+name)
			}
		}
		f.unsubscribe(envoy.EndpointType, name)
	case envoy.ListenerType:
		f.unsubscribe(envoy.ExtensionType, name)
	}
}

func (f *fakeEnvoy) subscribe(typeURL, name string) {
	f.opened[typeURL] = true
	delete(f.gone, name)
	_ = f.stream.Send(&discovery.DeltaDiscoveryRequest{TypeUrl: typeURL, ResourceNamesSubscribe: []string{name}})
}

func (f *fakeEnvoy) unsubscribe(typeURL, name string) {
	delete(f.held[typeURL], name)
	_ = f.stream.Send(&discovery.DeltaDiscoveryRequest{TypeUrl: typeURL, ResourceNamesUnsubscribe: []string{name}})
}

// has gives what the client has of a type: name to content.
func (f *fakeEnvoy) has(typeURL string) map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	contents := map[string]string{}
	for name, h := range f.held[typeURL] {
		contents[name] = h.content
	}
	return contents
}

// took gives what arrived since the last call, and the faults in its order.
func (f *fakeEnvoy) took() (received, faults []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	received, faults = f.received, f.faults
	f.received, f.faults = nil, nil
	return received, faults
}

func content(t *testing.T, packed *anypb.Any) string {
	t.Helper()
	text := new(wrapperspb.StringValue)
	if err := packed.UnmarshalTo(text); err != nil {
		t.Error(err)
	}
	return text.GetValue()
}

// resource is one whose version is its content.
func resource(typeURL, name, text string) envoy.Resource {
	body, err := anypb.New(wrapperspb.String(text))
	if err != nil {
		panic(err)
	}
	return envoy.Resource{TypeURL: typeURL, Name: name, Version: text, Body: body, Objects: []ir.Ref{{Kind: "Test", Name: name}}}
}
