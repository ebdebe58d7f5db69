// Package meter tells the load of services and revisions: it finds for each endpoint in Envoy's load reports the pod behind
// it and so its revision, keeps the counters that Prometheus reads, and looks up what the pods' processes use.
package meter
