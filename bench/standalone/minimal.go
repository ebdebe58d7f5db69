package standalone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sluice-serving/sluice/bench/rig"
)

// minimalConfig is the smallest configuration of Envoy that proxies to one backend: a listener, a route, a cluster.
const minimalConfig = `admin:
  address: {pipe: {path: %[1]q}}
static_resources:
  listeners:
    - address: {socket_address: {address: 127.0.0.1, port_value: %[2]d}}
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: minimal
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes: [{match: {prefix: "/"}, route: {cluster: backend}}]
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
    - name: backend
      load_assignment:
        cluster_name: backend
        endpoints:
          - lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %[3]d}}}}]
`

// minimal is an Envoy with that configuration.
type minimal struct {
	*rig.Process
	address, admin string
}

// startMinimal starts it in front of the backend at a port, and waits until it serves.
func startMinimal(ctx context.Context, r *rig.Rig, backend, concurrency int, cpus []int) (*minimal, error) {
	port, err := rig.FreePort()
	if err != nil {
		return nil, err
	}
	m := &minimal{address: fmt.Sprintf("127.0.0.1:%d", port), admin: filepath.Join(r.Work, "minimal.sock")}
	config := filepath.Join(r.Work, "minimal.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, minimalConfig, m.admin, port, backend), 0o600); err != nil {
		return nil, err
	}
	m.Process, err = r.Start(rig.Command{
		Name: "minimal-envoy", Path: r.Envoy, CPUs: cpus,
		Args: []string{"--config-path", config, "--disable-hot-restart", "--log-level", "warning", "--concurrency", strconv.Itoa(concurrency)},
	})
	if err != nil {
		return nil, err
	}
	err = m.Await(ctx, time.Minute, func(ctx context.Context) error {
		info, err := rig.AskEnvoy(ctx, m.admin)
		if err == nil && info.State != "LIVE" {
			err = fmt.Errorf("its state is %s", info.State)
		}
		return err
	})
	if err != nil {
		m.End()
		return nil, errors.Join(errors.New("the hand-written Envoy does not serve"), err)
	}
	return m, nil
}
