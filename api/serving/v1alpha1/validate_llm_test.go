package v1alpha1

import "testing"

func TestOldLLMServiceIsValidated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ service, fields string }{
		"fine":             {"spec: {model: {uri: 'hf://a/b', criticality: Critical}}", ""},
		"criticality":      {"spec: {model: {uri: 'hf://a/b', criticality: High}}", "spec.model.criticality"},
		"the same parents": {"spec: {router: {gateway: {refs: [{name: g}]}, route: {http: {spec: {parentRefs: [{name: g}]}}}}}", "spec.router.route.http.spec.parentRefs"},
		"pool": {"spec: {router: {scheduler: {pool: {spec: {selector: {}, targetPortNumber: 1, extensionRef: {name: '', failureMode: FailSoft, portNumber: 0}}}}}}",
			"spec.router.scheduler.pool.spec.extensionRef.failureMode spec.router.scheduler.pool.spec.extensionRef.portNumber spec.router.scheduler.pool.spec.extensionRef.name"},
		"pool without a picker": {"spec: {router: {scheduler: {pool: {spec: {selector: {}, targetPortNumber: 1}}}}}", ""},
		"devices":               {"metadata: {annotations: {serving.kserve.io/exp-dra-device-class: a.b, serving.kserve.io/exp-dra-device-count: '2'}}", ""},
		"devices without a class": {"metadata: {annotations: {serving.kserve.io/exp-dra-device-count: '0', serving.kserve.io/exp-dra-container-name: 'A B'}}",
			"metadata.annotations[serving.kserve.io/exp-dra-device-count] metadata.annotations[serving.kserve.io/exp-dra-container-name] metadata.annotations[serving.kserve.io/exp-dra-device-class]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s LLMInferenceService
			read(t, c.service, &s)
			if got := fieldsOf(s.Validate()); got != c.fields {
				t.Errorf("errors of\n%s\nwant\n%s", got, c.fields)
			}
		})
	}
}
