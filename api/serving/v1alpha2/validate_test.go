package v1alpha2

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

func TestServiceIsValidated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ spec, fields string }{
		"fine":                        {"{model: {uri: 'hf://a/b'}, replicas: 2, router: {route: {}, gateway: {}, scheduler: {}}}", ""},
		"nothing":                     {"{baseRefs: [{name: a}]}", ""},
		"URI":                         {"{model: {uri: ':/x'}}", "spec.model.uri"},
		"replicas and scaling":        {"{replicas: 1, scaling: {maxReplicas: 2, wva: {hpa: {}}}}", "spec.scaling"},
		"scaling by nothing":          {"{scaling: {maxReplicas: 2}}", "spec.scaling.wva"},
		"scaling by two":              {"{scaling: {maxReplicas: 2, wva: {hpa: {}}, keda: {triggers: [{type: cpu, metadata: {}}]}}}", "spec.scaling.keda"},
		"scaling to less":             {"{scaling: {minReplicas: 3, maxReplicas: 2, wva: {keda: {}}}}", "spec.scaling.minReplicas"},
		"scaling without an actor":    {"{scaling: {maxReplicas: 2, wva: {variantCost: high}}}", "spec.scaling.wva.variantCost spec.scaling.wva.hpa"},
		"scaling by a formula":        {"{scaling: {maxReplicas: 2, wva: {keda: {advanced: {scalingModifiers: {formula: a}, horizontalPodAutoscalerConfig: {name: h}}}}}}", "spec.scaling.wva.keda.advanced.scalingModifiers spec.scaling.wva.keda.advanced.horizontalPodAutoscalerConfig.name"},
		"no trigger":                  {"{scaling: {maxReplicas: 2, keda: {triggers: []}}}", "spec.scaling.keda.triggers"},
		"idle above the least":        {"{scaling: {maxReplicas: 2, keda: {idleReplicaCount: 1, triggers: [{type: cpu, metadata: {}}]}}}", "spec.scaling.keda.idleReplicaCount"},
		"idle below the least":        {"{scaling: {minReplicas: 2, maxReplicas: 2, keda: {idleReplicaCount: 1, fallback: {failureThreshold: 1, replicas: 1, behavior: statc}, triggers: [{type: cpu, metadata: {}}]}}}", "spec.scaling.keda.fallback.behavior"},
		"phases scaled differently":   {"{scaling: {maxReplicas: 2, wva: {hpa: {}}}, prefill: {scaling: {maxReplicas: 2, wva: {keda: {}}}}}", "spec.prefill.scaling"},
		"nodes without a division":    {"{worker: {containers: []}}", "spec.parallelism"},
		"nodes divided":               {"{worker: {containers: []}, parallelism: {data: 4, dataLocal: 2}}", ""},
		"stages and copies":           {"{parallelism: {pipeline: 2, data: 2, dataLocal: 1}}", "spec.parallelism.pipeline"},
		"copies without their nodes":  {"{parallelism: {data: 2}, prefill: {parallelism: {dataLocal: 1}}}", "spec.parallelism.dataLocal spec.prefill.parallelism.data"},
		"sizes of zero":               {"{parallelism: {tensor: 0, dataRPCPort: 70000}}", "spec.parallelism.tensor spec.parallelism.dataRPCPort"},
		"rollout of nothing":          {"{rolloutStrategy: {maxUnavailable: 0, maxSurge: 0%}}", "spec.rolloutStrategy.maxSurge"},
		"rollout of nodes":            {"{worker: {}, parallelism: {pipeline: 2}, rolloutStrategy: {maxUnavailable: 0}}", "spec.rolloutStrategy.maxSurge"},
		"rollout of too much":         {"{rolloutStrategy: {maxUnavailable: 120%, maxSurge: -1}}", "spec.rolloutStrategy.maxUnavailable spec.rolloutStrategy.maxSurge"},
		"adapters":                    {"{model: {uri: 'hf://a', name: m, lora: {maxRank: 0, adapters: [{uri: 'hf://b'}, {uri: 'hf://b', name: m}, {uri: 'hf://b', name: x}, {uri: 'hf://b', name: x}, {uri: 'hf://b', name: ..}]}}}", "spec.model.lora.maxRank spec.model.lora.adapters[0].name spec.model.lora.adapters[1].name spec.model.lora.adapters[3].name spec.model.lora.adapters[4].name"},
		"adapter named as the object": {"{model: {uri: 'hf://a', lora: {adapters: [{uri: 'hf://b', name: s}]}}}", "spec.model.lora.adapters[0].name"},
		"route twice":                 {"{router: {gateway: {}, route: {http: {refs: [{name: a}], spec: {}}}}}", "spec.router.route.http.spec spec.router.route.http.refs"},
		"the same parents":            {"{router: {gateway: {refs: [{name: g, namespace: ns}]}, route: {http: {spec: {parentRefs: [{name: g, namespace: ns}]}}}}}", ""},
		"other parents":               {"{router: {gateway: {refs: [{name: g, namespace: ns}]}, route: {http: {spec: {parentRefs: [{name: g}]}}}}}", "spec.router.route.http.spec.parentRefs"},
		"group without weight":        {"{router: {route: {group: g}}}", "spec.router.route.weight"},
		"weight without group":        {"{router: {route: {weight: 2000000}}}", "spec.router.route.weight spec.router.route.group"},
		"group of an Ingress":         {"{router: {ingress: {}, route: {group: G, weight: 1}}}", "spec.router.route.group spec.router.route.group"},
		"picker without config":       {"{router: {scheduler: {replicas: 0, config: {}}}}", "spec.router.scheduler.replicas spec.router.scheduler.config"},
		"picker's config as text":     {"{router: {scheduler: {config: {inline: 'kind: EndpointPickerConfig'}}}}", "spec.router.scheduler.config.inline"},
		"picker's config twice":       {"{router: {scheduler: {config: {inline: {kind: EndpointPickerConfig}, ref: {name: a, key: b}}}}}", "spec.router.scheduler.config.ref"},
		"pool":                        {"{router: {scheduler: {pool: {spec: {selector: {matchLabels: {}}, targetPorts: [{number: 0}, {number: 1}, {number: 1}], appProtocol: h2, endpointPickerRef: {name: p}}}}}}", "spec.router.scheduler.pool.spec.appProtocol spec.router.scheduler.pool.spec.targetPorts[0].number spec.router.scheduler.pool.spec.selector.matchLabels spec.router.scheduler.pool.spec.targetPorts[2].number spec.router.scheduler.pool.spec.endpointPickerRef.port"},
		"container without a name":    {"{template: {containers: [{image: a}]}, router: {scheduler: {tokenizer: {template: {initContainers: [{}]}}}}}", "spec.template.containers[0].name spec.router.scheduler.tokenizer.template.initContainers[0].name"},
		"cache without memory":        {"{kvCacheOffloading: {cpu: 0, evictionPolicy: fifo, secondary: [{}, {fileSystem: {}}, {fileSystem: {emptyDir: {size: 1}, pvc: {}}}, {fileSystem: {pvc: {ref: {name: ''}}}}]}}", "spec.kvCacheOffloading.evictionPolicy spec.kvCacheOffloading.cpu spec.kvCacheOffloading.secondary[0].fileSystem spec.kvCacheOffloading.secondary[1].fileSystem spec.kvCacheOffloading.secondary[2].fileSystem.pvc spec.kvCacheOffloading.secondary[3].fileSystem.pvc.ref.name"},
		"key":                         {"{model: {uri: 'hf://a', confidential: {enabled: true, resourceId: a/b}}}", "spec.model.confidential.resourceId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s LLMInferenceService
			read(t, "metadata: {name: s}\nspec: "+c.spec, &s)
			if got := fieldsOf(s.Validate()); got != c.fields {
				t.Errorf("errors of\n%s\nwant\n%s", got, c.fields)
			}
		})
	}
}

func TestConfigIsAPart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ spec, fields string }{
		"a part":           {"{worker: {containers: []}, router: {scheduler: {config: {}}}}", ""},
		"templates":        {"{template: {containers: [{name: main, args: ['{{ .Spec.Model.Name }}']}]}, router: {scheduler: {pool: {spec: {selector: {matchLabels: {a: '{{ .Name }}'}}, targetPorts: [{number: 1}], endpointPickerRef: {name: '{{ ChildName .Name `-epp` }}', port: {number: 1}}}}}}}", ""},
		"a broken one":     {"{template: {containers: [{name: main, args: ['{{ .Spec.Model.Name }']}]}}", "spec.template.containers[0].args[0]"},
		"laid over others": {"{baseRefs: [{name: a}]}", "spec.baseRefs"},
		"a wrong pool":     {"{router: {scheduler: {pool: {spec: {selector: {matchLabels: {}}, targetPorts: [{number: 70000}], endpointPickerRef: {name: '', failureMode: FailSoft, port: {number: -1}}}}}}}", "spec.router.scheduler.pool.spec.targetPorts[0].number spec.router.scheduler.pool.spec.endpointPickerRef.failureMode spec.router.scheduler.pool.spec.endpointPickerRef.port.number"},
		"a wrong part":     {"{replicas: -1}", "spec.replicas"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var config LLMInferenceServiceConfig
			read(t, "metadata: {name: c}\nspec: "+c.spec, &config)
			if got := fieldsOf(config.Validate()); got != c.fields {
				t.Errorf("errors of\n%s\nwant\n%s", got, c.fields)
			}
		})
	}
}

func TestDefaultNamesTheModel(t *testing.T) {
	t.Parallel()
	var s LLMInferenceService
	read(t, "metadata: {name: s}\nspec: {model: {uri: 'hf://a'}, router: {route: {group: g, weight: 1}}}", &s)
	for range 2 {
		s.Default()
		if *s.Spec.Model.Name != "s" || s.Labels["serving.kserve.io/routing-group"] != "g" {
			t.Errorf("defaulted to %q and %v", *s.Spec.Model.Name, s.Labels)
		}
	}
}

func TestNodesOfAReplicaStay(t *testing.T) {
	t.Parallel()
	var old, more, tensor LLMInferenceService
	read(t, "spec: {parallelism: {data: 4, dataLocal: 2}}", &old)
	read(t, "spec: {parallelism: {data: 8, dataLocal: 2}}", &more)
	read(t, "spec: {parallelism: {data: 4, dataLocal: 2, tensor: 4}}", &tensor)
	if got := fieldsOf(more.ValidateUpdate(&old)); got != "spec.parallelism" {
		t.Errorf("errors of %q", got)
	}
	if errs := tensor.ValidateUpdate(&old); len(errs) > 0 {
		t.Error(errs)
	}
}

func read(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

func fieldsOf(errs field.ErrorList) string {
	fields := make([]string, len(errs))
	for i, err := range errs {
		fields[i] = err.Field
	}
	return strings.Join(fields, " ")
}
