// Package admin is the JSON API of a running sluice and its client. It only reads: the manifests are the one place
// where anything is changed. The server answers on the admin port, on loopback unless told otherwise:
//
//	/healthz                                        200 while the process answers
//	/readyz                                         200 or 503, with the reasons
//	/metrics                                        Prometheus
//	/api/v1                                         version and paths
//	/api/v1/services[?namespace=NS]                 all InferenceServices
//	/api/v1/services/NS/NAME                        one, with revisions, pods, conditions and URLs
//	/api/v1/services/NS/NAME/explain                what is wrong with it, layer by layer
//	/api/v1/services/NS/NAME/logs                   its processes' output (container=, replica=, previous=, tail=, follow=)
//	/api/v1/problems                                what is wrong in the manifests, by file and line
//	/api/v1/load[?namespace=NS]                     what each revision was asked lately, and what its processes use
//	/api/v1/xds[?full=1]                            what Envoy was sent and what it said to it
package admin
