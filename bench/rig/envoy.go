package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// EnvoyInfo is what an Envoy says of itself.
type EnvoyInfo struct {
	// State is LIVE when it serves.
	State string `json:"state"`
	// Version has the build's commit, release and kind.
	Version string `json:"version"`
	Options struct {
		// Concurrency is the number of its worker threads.
		Concurrency int `json:"concurrency"`
	} `json:"command_line_options"`
}

// AskEnvoy asks an Envoy by the unix socket of its admin interface.
func AskEnvoy(ctx context.Context, socket string) (EnvoyInfo, error) {
	client := http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", socket)
			},
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://envoy/server_info", nil)
	if err != nil {
		return EnvoyInfo{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return EnvoyInfo{}, err
	}
	defer response.Body.Close()
	var info EnvoyInfo
	if response.StatusCode != http.StatusOK {
		return info, fmt.Errorf("/server_info of Envoy answers %d", response.StatusCode)
	}
	return info, json.NewDecoder(response.Body).Decode(&info)
}
