// Package standalone is the driver for one machine: it reads manifests from directories, plans and
// translates them by the same two pure stages as the Kubernetes driver, runs the planned Deployments as
// processes through controller/engine, and publishes the translated routes to Envoy.
//
// It decides nothing about what a manifest means. One goroutine, [Driver.Run], owns all of its state;
// what others may read is published as immutable values.
package standalone
