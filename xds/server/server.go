// Package server is an aggregated discovery server (ADS) that speaks the incremental variant of xDS only. It
// sends what changed and nothing else, in an order in which no resource is referred to before the client has
// it, and it tells acceptance from rejection: a resource that an Envoy refuses is found, set aside and reported
// on the object that it came from, while the rest of the configuration goes on.
//
// Protocol: https://www.envoyproxy.io/docs/envoy/v1.40.0/api-docs/xds_protocol
package server

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// Revision counts the states that were published: a later state has a higher one, within one process.
type Revision uint64

// Options are what a server is made from.
type Options struct {
	Logger *slog.Logger
	// Registerer takes the sluice_xds_… metrics; nil exposes none.
	Registerer prometheus.Registerer
	// Patience is how long a stream waits for the client to ask for a new cluster's endpoints before it goes
	// on to the routes that use the cluster; 0 is 5 s. Envoy asks within a millisecond.
	Patience time.Duration
}

// Rejection is a resource, or one object's share of it, that an Envoy refused. Until the share is published with other
// content, the resource goes on without it; what was accepted last goes on whole if the other shares are as they were
// then. A resource that can't do without what was refused stays at the version accepted last, or absent if there was none;
// one with guards that this version has not is closed.
type Rejection struct {
	// Objects are the user's objects to blame: one, wherever Envoy refuses the share of that one by itself.
	Objects []ir.Ref
	TypeURL string
	Name    string
	// Version is the published content of which something was refused first.
	Version string
	// Policies are those that can't be enforced for it: nobody is let in where the version accepted last, if any, has
	// other guards.
	Policies []ir.Ref
	// Reason is what Envoy said, without the resource and without its secrets.
	Reason string
	// Client is the node id of the first Envoy that refused it.
	Client string
	Since  time.Time
}

// Client is a connected Envoy.
type Client struct {
	// Node is the id that the client gives itself.
	Node  string
	Since time.Time
	// Settled is the last revision to which the client has answered everything.
	Settled Revision
	// Waiting says that an answer to a response is outstanding.
	Waiting bool
}

// Server publishes one set of resources to every Envoy that connects. Nothing is answered before the first
// Publish, so that an Envoy which outlived the last control plane is not told to drop what it has.
type Server struct {
	logger   *slog.Logger
	store    *store
	metrics  *metrics
	patience time.Duration
}

// New makes a server; Register adds it to a gRPC server.
func New(o Options) *Server {
	if o.Patience == 0 {
		o.Patience = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{logger: o.Logger, store: newStore(), patience: o.Patience}
	s.metrics = newMetrics(o.Registerer, s.store)
	return s
}

// Register makes the server answer discovery requests on g.
func (s *Server) Register(g *grpc.Server) {
	discovery.RegisterAggregatedDiscoveryServiceServer(g, &aggregated{server: s})
}

// Publish replaces or adds the resources in set and takes away those in remove, as one change. It returns the
// revision that [Server.Wait] waits for; a change without effect returns the current one.
func (s *Server) Publish(set []envoy.Resource, remove []envoy.Key) Revision {
	return s.store.publish(set, remove)
}

// Replace makes set the whole configuration: what was published and is not in set is removed.
func (s *Server) Replace(set []envoy.Resource) Revision {
	return s.store.replace(set)
}

// Retain lets the clients keep what they have of resources from an earlier server, whatever its content, until these are
// published or removed. It is for before the first Publish; a key that is published already stays as it is.
func (s *Server) Retain(keys []envoy.Key) { s.store.retain(keys) }

// Wait returns when every connected Envoy has answered all of revision r, by acceptance or by a rejection that
// has been traced to its resource. An Envoy that is still starting counts as connected. With none connected it
// returns at once. The error is the context's.
func (s *Server) Wait(ctx context.Context, r Revision) error {
	for {
		settled, changed := s.store.settled(r)
		if settled {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Rejections lists what is set aside, by type in the order of [envoy.Types], by name and by object.
func (s *Server) Rejections() []Rejection {
	list := s.store.rejections()
	order := envoy.Types()
	slices.SortFunc(list, func(a, b Rejection) int {
		if c := slices.Index(order, a.TypeURL) - slices.Index(order, b.TypeURL); c != 0 {
			return c
		}
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return slices.CompareFunc(a.Objects, b.Objects, func(x, y ir.Ref) int { return strings.Compare(x.String(), y.String()) })
	})
	return list
}

// Changed receives when Rejections or Clients may give something new; several changes may come as one. It has
// one receiver.
func (s *Server) Changed() <-chan struct{} { return s.store.changed }

// Clients lists the connected Envoys, oldest first.
func (s *Server) Clients() []Client {
	list := s.store.clients()
	slices.SortFunc(list, func(a, b Client) int { return a.Since.Compare(b.Since) })
	return list
}

// Dump lists what an Envoy that connects now would get, in the order of [envoy.Types] and by name.
func (s *Server) Dump() []envoy.Resource { return s.store.offered() }

// Acknowledgements gives, for each resource of [Server.Dump], the node ids of the connected Envoys that have accepted
// the content shown there, sorted. A resource that none has accepted is not in it.
func (s *Server) Acknowledgements() map[envoy.Key][]string { return s.store.acknowledgements() }
