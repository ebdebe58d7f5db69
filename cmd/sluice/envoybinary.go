package main

import (
	"context"

	"github.com/sluice-serving/sluice/xds/proxy"
)

// findEnvoy gives the Envoy to run, after it has said that it is one.
func findEnvoy(ctx context.Context, explicit string) (string, error) {
	binary, err := proxy.FindBinary(explicit)
	if err != nil {
		return "", err
	}
	if _, err := proxy.CheckBinary(ctx, binary); err != nil {
		return "", usagef("%w; name Envoy %s by --envoy or SLUICE_ENVOY, or have `make deps` install it", err, proxy.Version)
	}
	return binary, nil
}
