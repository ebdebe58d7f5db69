package standalone

import (
	"fmt"

	"github.com/valyala/fasthttp"
)

// kind is one way to have many services. Service 0 is the one that gets changed.
type kind struct {
	name, title string
	// manifest gives a service's file; version is 0 for all but service 0.
	manifest func(service, version int) string
	host     func(service int) string
	// shows says whether service 0's answer is that of a version.
	shows func(version int, answer *fasthttp.Response) bool
}

// object is a service's name.
func object(service int) string { return fmt.Sprintf("s%d", service) }

// static is a service of the user's own: a Service without a selector, an EndpointSlice and an HTTPRoute. All lead to one
// backend process, which listens at port. A version is a response header that the route sets.
func static(port int) kind {
	return kind{
		name: "static", title: "static endpoints",
		manifest: func(service, version int) string {
			return fmt.Sprintf(staticManifest, service, version, port)
		},
		host: func(service int) string { return fmt.Sprintf("s%d.localhost", service) },
		shows: func(version int, answer *fasthttp.Response) bool {
			return string(answer.Header.Peek("x-version")) == fmt.Sprint(version)
		},
	}
}

const staticManifest = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: s%[1]d}
spec:
  parentRefs: [{namespace: kserve, name: kserve-ingress-gateway}]
  hostnames: ["s%[1]d.localhost"]
  rules:
    - filters:
        - type: ResponseHeaderModifier
          responseHeaderModifier: {set: [{name: x-version, value: "%[2]d"}]}
      backendRefs: [{name: s%[1]d, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: s%[1]d}
spec:
  ports: [{name: http, port: 80}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: s%[1]d-1
  labels: {kubernetes.io/service-name: s%[1]d}
addressType: IPv4
ports: [{name: http, port: %[3]d}]
endpoints: [{addresses: [127.0.0.1]}]
`

// custom is an InferenceService whose container is the backend's binary, a process each. Service 0 has two: a version is
// which of them all requests go to, so that a change is one of weights and starts no process. A canary is laid over a
// model, so that service 0 has one: the folder model.
func custom(binary, model string) kind {
	return kind{
		name: "process", title: "InferenceServices, a process each",
		manifest: func(service, version int) string {
			text := fmt.Sprintf(customManifest, service) + fmt.Sprintf(customContainer, "  ", binary, "stable")
			if service == 0 {
				text += fmt.Sprintf(customModel, "  ", model) + fmt.Sprintf(customCanary, canaryShare(version)) +
					fmt.Sprintf(customContainer, "      ", binary, "canary") + fmt.Sprintf(customModel, "      ", model)
			}
			return text
		},
		host: func(service int) string { return fmt.Sprintf("s%d-default.localhost", service) },
		shows: func(version int, answer *fasthttp.Response) bool {
			return (string(answer.Body()) == "canary") == (canaryShare(version) == 100)
		},
	}
}

func canaryShare(version int) int { return 100 * (version % 2) }

const (
	customManifest = `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: s%d}
spec:
  predictor:
`
	customCanary = `  canary:
    - trafficPercent: %d
      predictor:
        name: v2
`
	customContainer = `%[1]s  containers:
%[1]s    - name: kserve-container
%[1]s      command: [%[2]q]
%[1]s      ports: [{containerPort: 8080, protocol: TCP}]
%[1]s      env:
%[1]s        - {name: VARIANT, value: %[3]s}
%[1]s        - {name: GOMAXPROCS, value: "1"}
`
	customModel = `%[1]s        - {name: STORAGE_URI, value: "file://%[2]s"}
`
)
