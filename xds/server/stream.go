package server

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-serving/sluice/xds/envoy"
)

// aggregated is the gRPC face of a server.
type aggregated struct {
	discovery.UnimplementedAggregatedDiscoveryServiceServer
	server *Server
}

// DeltaAggregatedResources serves one client until it goes away. It only receives; what it receives, a second
// goroutine that owns the stream's state works through, and this one waits for that to end.
func (a *aggregated) DeltaAggregatedResources(grpcStream discovery.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	ctx, cancel := context.WithCancelCause(grpcStream.Context())
	defer cancel(nil)
	s := newStream(a.server, grpcStream)
	requests := make(chan *discovery.DeltaDiscoveryRequest)
	ended := make(chan error, 1)
	go func() { ended <- s.own(ctx, requests) }()
	for {
		req, err := grpcStream.Recv()
		if err != nil {
			cancel(err)
			return <-ended
		}
		select {
		case requests <- req:
		case err := <-ended:
			return err
		}
	}
}

// stream is one client's exchange. The goroutine in own is the only one to touch it.
type stream struct {
	server *Server
	sender interface {
		Send(*discovery.DeltaDiscoveryResponse) error
	}
	logger  *slog.Logger
	watcher *watcher
	state   *state
	// outstanding are the responses that the client has not answered yet, by type.
	outstanding map[string]outstanding
	responses   uint64
}

// outstanding is one response on its way.
type outstanding struct {
	delivery

	nonce string
	sent  time.Time
}

func newStream(server *Server, grpcStream discovery.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) *stream {
	w := &watcher{
		wake:  make(chan struct{}, 1),
		since: time.Now(),
		dirty: make(map[envoy.Key]struct{}),
	}
	return &stream{
		server:      server,
		sender:      grpcStream,
		logger:      server.logger,
		watcher:     w,
		state:       newState(w),
		outstanding: make(map[string]outstanding),
	}
}

// own works through requests and publications until ctx ends or a message can't be sent.
func (s *stream) own(ctx context.Context, requests <-chan *discovery.DeltaDiscoveryRequest) error {
	s.server.store.attach(s.watcher)
	defer s.server.store.detach(s.watcher)
	patience := time.NewTimer(s.server.patience)
	patience.Stop()
	defer patience.Stop()
	impatient := false
	for {
		select {
		case req := <-requests:
			if err := s.receive(req); err != nil {
				return err
			}
		case <-s.watcher.wake:
		case <-patience.C:
			s.logger.Warn("client did not ask for the endpoints of its clusters", "clusters", len(s.state.unasked))
			s.state.unasked = make(map[string]struct{})
		case <-ctx.Done():
			s.logger.Info("xDS client gone")
			return context.Cause(ctx)
		}
		if err := s.advance(); err != nil {
			return err
		}
		if waiting := len(s.state.unasked) > 0; waiting != impatient {
			impatient = waiting
			patience.Stop()
			if waiting {
				patience.Reset(s.server.patience)
			}
		}
	}
}

// answer is what a request says about the responses before it.
type answer string

const (
	// answerNone: the request only changes subscriptions.
	answerNone answer = "none"
	// answerACK: the outstanding response was accepted.
	answerACK answer = "ack"
	// answerNACK: the outstanding response was refused.
	answerNACK answer = "nack"
	// answerStale: the nonce is of no outstanding response.
	answerStale answer = "stale"
)

// read classifies a request.
func (s *stream) read(req *discovery.DeltaDiscoveryRequest) answer {
	switch nonce := req.GetResponseNonce(); {
	case nonce == "":
		return answerNone
	case s.outstanding[req.GetTypeUrl()].nonce != nonce:
		return answerStale
	case req.GetErrorDetail() != nil:
		return answerNACK
	default:
		return answerACK
	}
}

func (s *stream) receive(req *discovery.DeltaDiscoveryRequest) error {
	if req.GetTypeUrl() == "" {
		return status.Error(codes.InvalidArgument, "a request on an aggregated stream needs a type URL")
	}
	if node := req.GetNode().GetId(); node != "" && s.watcher.node == "" {
		s.server.store.identify(s.watcher, node)
		s.logger = s.logger.With("client", node)
		s.logger.Info("xDS client connected")
	}
	said := s.read(req)
	s.server.metrics.answered(req.GetTypeUrl(), said)
	if said == answerACK || said == answerNACK {
		out := s.outstanding[req.GetTypeUrl()]
		delete(s.outstanding, req.GetTypeUrl())
		d := out.delivery
		s.server.metrics.took(d.typeURL, time.Since(out.sent))
		if said == answerACK {
			s.server.store.accept(s.watcher, d)
			s.state.accepted(d)
		} else {
			s.refuse(d, req.GetErrorDetail().GetMessage())
		}
	}
	if names := req.GetResourceNamesUnsubscribe(); len(names) > 0 {
		s.server.store.unsubscribed(s.watcher, req.GetTypeUrl(), names)
	}
	if s.state.subscribe(req) {
		s.logger.Debug("xDS subscription", "type", shortType(req.GetTypeUrl()),
			"names", len(req.GetResourceNamesSubscribe()), "held", len(req.GetInitialResourceVersions()))
	}
	return nil
}

// refuse follows a NACK: either the culprit is known, or smaller responses come next.
func (s *stream) refuse(d delivery, reason string) {
	culprit, found := s.state.refused(d, reason)
	if !found {
		s.logger.Debug("xDS response refused, looking for the culprit",
			"type", shortType(d.typeURL), "resources", len(d.added))
		return
	}
	s.server.store.reject(Rejection{
		TypeURL: culprit.TypeURL,
		Name:    culprit.Name,
		Version: culprit.Version,
		Reason:  reasonOf(reason, culprit),
		Client:  s.watcher.node,
		Since:   time.Now(),
	})
}

// report logs refusals.
func (s *stream) report(news []Rejection) {
	for _, r := range news {
		s.logger.Warn("Envoy refused a resource", "type", shortType(r.TypeURL), "name", r.Name,
			"version", r.Version, "objects", r.Objects, "closed", r.Policies, "reason", r.Reason)
	}
}

// advance sends what can be sent now.
func (s *stream) advance() error {
	for {
		d, ok := s.server.store.next(s.watcher, s.state)
		if !ok {
			s.report(s.server.store.news())
			return nil
		}
		if err := s.send(d); err != nil {
			return err
		}
	}
}

func (s *stream) send(d delivery) error {
	s.responses++
	response := &discovery.DeltaDiscoveryResponse{
		TypeUrl:          d.typeURL,
		Nonce:            strconv.FormatUint(s.responses, 10),
		RemovedResources: d.removed,
	}
	for _, r := range d.added {
		response.Resources = append(response.Resources, &discovery.Resource{Name: r.Name, Version: r.Version, Resource: r.Body})
	}
	s.outstanding[d.typeURL] = outstanding{delivery: d, nonce: response.GetNonce(), sent: time.Now()}
	if err := s.sender.Send(response); err != nil {
		return err
	}
	s.server.metrics.sent(d)
	s.logger.Debug("xDS response", "type", shortType(d.typeURL), "added", len(d.added), "removed", len(d.removed))
	return nil
}
