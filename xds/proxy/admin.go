package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// adminClient talks to Envoy's admin interface over its unix socket.
func adminClient(socket string) *http.Client {
	var dialer net.Dialer
	return &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, "unix", socket)
			},
			// Connections are not kept: Envoy may be another process at the next call.
			DisableKeepAlives: true,
		},
	}
}

// Ready says whether Envoy has its first configuration and serves: nil if so, else what it answers.
func (p *Proxy) Ready(ctx context.Context) error {
	_, err := p.call(ctx, http.MethodGet, "/ready")
	return err
}

// ActiveRequests gives the requests in flight by cluster and by endpoint ("127.0.0.1:8080"), draining endpoints
// included. Endpoints without any are listed with 0. It asks for the clusters named, or for all if none is.
func (p *Proxy) ActiveRequests(ctx context.Context, clusters ...string) (map[string]map[string]int, error) {
	body, err := p.call(ctx, http.MethodGet, "/clusters?"+clustersQuery(clusters))
	if err != nil {
		return nil, err
	}
	return parseActiveRequests(body)
}

// maxClustersQuery is the longest query that names clusters, in bytes: far below Envoy's bound for headers. Beyond it all are
// asked for, which costs Envoy about as much.
const maxClustersQuery = 16 << 10

// clustersQuery asks for clusters by a regular expression, as Envoy's admin interface wants it: with all clusters of a thousand
// services an answer has over a megabyte.
func clustersQuery(clusters []string) string {
	const all = "format=json"
	if len(clusters) == 0 {
		return all
	}
	quoted := make([]string, len(clusters))
	for i, name := range clusters {
		quoted[i] = regexp.QuoteMeta(name)
	}
	query := url.Values{"format": {"json"}, "filter": {"^(" + strings.Join(quoted, "|") + ")$"}}.Encode()
	if len(query) > maxClustersQuery {
		return all
	}
	return query
}

// clustersAnswer is the part of the admin interface's envoy.admin.v3.Clusters that is used here.
type clustersAnswer struct {
	ClusterStatuses []struct {
		Name         string `json:"name"`
		HostStatuses []struct {
			Address struct {
				SocketAddress *struct {
					Address   string `json:"address"`
					PortValue int    `json:"port_value"`
				} `json:"socket_address"`
			} `json:"address"`
			Stats []struct {
				Name string `json:"name"`
				// Value is a 64-bit number, which protobuf's JSON form quotes; it is absent when it is 0.
				Value json.Number `json:"value"`
			} `json:"stats"`
		} `json:"host_statuses"`
	} `json:"cluster_statuses"`
}

func parseActiveRequests(body []byte) (map[string]map[string]int, error) {
	var answer clustersAnswer
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("envoy's list of clusters: %w", err)
	}
	active := make(map[string]map[string]int, len(answer.ClusterStatuses))
	for _, c := range answer.ClusterStatuses {
		if c.Name == discoveryCluster {
			continue
		}
		endpoints := make(map[string]int, len(c.HostStatuses))
		active[c.Name] = endpoints
		for _, h := range c.HostStatuses {
			socket := h.Address.SocketAddress
			if socket == nil {
				continue
			}
			address := net.JoinHostPort(socket.Address, strconv.Itoa(socket.PortValue))
			for _, stat := range h.Stats {
				if stat.Name != "rq_active" {
					continue
				}
				if n, err := stat.Value.Int64(); err == nil {
					endpoints[address] += int(n)
				}
			}
			if _, ok := endpoints[address]; !ok {
				endpoints[address] = 0
			}
		}
	}
	return active, nil
}

// downstreamActive gives the requests that clients have in flight, over all listeners.
func (p *Proxy) downstreamActive(ctx context.Context) (int, error) {
	body, err := p.call(ctx, http.MethodGet, "/stats?format=json&type=Gauges&filter="+`^http\..*\.downstream_rq_active$`)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Stats []struct {
			Name  string `json:"name"`
			Value int    `json:"value"`
		} `json:"stats"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, fmt.Errorf("envoy's statistics: %w", err)
	}
	total := 0
	for _, s := range answer.Stats {
		// The admin interface counts the request that asks.
		if s.Name != "http.admin.downstream_rq_active" {
			total += s.Value
		}
	}
	return total, nil
}

// call sends one admin request and gives the body of a 200.
func (p *Proxy) call(ctx context.Context, method, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://envoy"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("envoy's admin interface: %w", err)
	}
	response, err := p.admin.Do(req)
	if err != nil {
		return nil, fmt.Errorf("envoy's admin interface: %w", err)
	}
	defer response.Body.Close() // only read
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("envoy's admin interface: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("envoy answers %d to %s: %.200s", response.StatusCode, path, body)
	}
	return body, nil
}
