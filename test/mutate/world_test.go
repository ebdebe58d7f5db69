package mutate

import (
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/settings"
	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/controller/translate"
	"github.com/sluice-serving/sluice/xds/ir"
)

// world is a set of documents carried to the intermediate model, in which one document at a time is exchanged.
type world struct {
	name  string
	seeds []seedDocument
	// documents are what is read of each, parsed its objects, and plans the plan of each service among them.
	documents [][]manifest.Document
	parsed    [][]manifest.Object
	plans     map[*v1beta1.InferenceService]planned
	// removed are the documents without which the world has been looked at: they are refused as one another.
	removed map[int]bool
	// builtIn are the runtimes that come with sluice.
	builtIn  []v1alpha1.ClusterServingRuntime
	settings settings.Settings

	translator *translate.Translator
	have       map[string]manifest.Object
	statuses   map[types.NamespacedName]gatewayv1.HTTPRouteStatus
	base       ir.Config
	hosts      map[translate.HostKey]ir.Host
	backends   map[string]ir.Backend
}

// exchange is a document's objects in the place of others.
type exchange struct {
	// index is the document's; -1 exchanges nothing.
	index   int
	objects []manifest.Object
	// ready is the time after every pod has become ready.
	ready bool
}

func newWorld(name string, seeds []seedDocument, builtIn []v1alpha1.ClusterServingRuntime) *world {
	w := &world{
		name: name, seeds: seeds, builtIn: builtIn,
		settings:   settings.Standalone(settings.Local{BundledFormats: []string{"onnx", "sklearn", "xgboost", "lightgbm"}}, 8080),
		plans:      map[*v1beta1.InferenceService]planned{},
		translator: translate.NewTranslator("127.0.0.1"),
		removed:    map[int]bool{},
		have:       map[string]manifest.Object{},
		statuses:   map[types.NamespacedName]gatewayv1.HTTPRouteStatus{},
		hosts:      map[translate.HostKey]ir.Host{}, backends: map[string]ir.Backend{},
	}
	for _, s := range seeds {
		documents, _ := manifest.Parse("base.yaml", s.text)
		var objects []manifest.Object
		for _, document := range documents {
			objects = append(objects, document.Object)
		}
		w.documents = append(w.documents, documents)
		w.parsed = append(w.parsed, objects)
	}
	for _, ready := range []bool{false, true} {
		clear(w.plans)
		w.apply(exchange{index: -1, ready: ready})
	}
	w.base = w.translator.Config()
	for _, host := range w.base.Hosts {
		w.hosts[translate.KeyOf(host)] = host
	}
	for _, backend := range w.base.Backends {
		w.backends[backend.Name] = backend
	}
	return w
}

func keyOf(object manifest.Object) string {
	return ir.Ref{Kind: object.GetObjectKind().GroupVersionKind().Kind, Namespace: object.GetNamespace(), Name: object.GetName()}.String()
}

// apply puts the world into the state with the exchange. It gives what changed, and the keys of the objects that did.
func (w *world) apply(x exchange) (translate.Change, map[string]bool) {
	want := w.objects(x)
	touched := map[string]bool{}
	for key, object := range want {
		if w.have[key] != object {
			w.have[key] = object
			w.translator.Set(object)
			touched[key] = true
		}
	}
	for key, object := range w.have {
		if _, keep := want[key]; !keep {
			delete(w.have, key)
			w.translator.Delete(object)
			touched[key] = true
		}
	}
	change := w.translator.Flush()
	for name, status := range change.HTTPRoutes {
		w.statuses[name] = status
	}
	return change, touched
}

// objects gives all objects that translation reads by key. Of two with one key that of the unchanged document holds, and what
// is planned goes before what is given.
func (w *world) objects(x exchange) map[string]manifest.Object {
	all := map[string]manifest.Object{}
	put := func(object manifest.Object) {
		if key := keyOf(object); all[key] == nil {
			all[key] = object
		}
	}
	kept, fresh := w.present(x)
	known := newRuntimes(w.builtIn, append(kept[:len(kept):len(kept)], fresh...))
	// A runtime concerns every service of its namespace, by design.
	cached := !hasRuntime(fresh) && (x.index < 0 || !hasRuntime(w.parsed[x.index]))
	var byName []plan.ByNameInput
	for i, object := range append(kept[:len(kept):len(kept)], fresh...) {
		service, is := object.(*v1beta1.InferenceService)
		if !is {
			continue
		}
		p, planned := w.plans[service]
		if !planned || !cached {
			p = w.plan(service, known, x.ready || (i < len(kept) && x.index >= 0))
			if cached && i < len(kept) {
				w.plans[service] = p
			}
		}
		for _, child := range p.children {
			put(child)
		}
		byName = append(byName, p.byName)
	}
	routes, responses := plan.AllByName(byName, "", nil)
	for i := range routes {
		put(&routes[i])
	}
	for i := range responses {
		put(&responses[i])
	}
	for _, object := range append(kept[:len(kept):len(kept)], fresh...) {
		put(object)
	}
	gateway := standalone.Gateway(w.settings.Ingress.Gateway, 8080)
	put(&gateway)
	return all
}

// present gives the objects of the documents that are kept, and those of the exchanged one that have keys of their own.
func (w *world) present(x exchange) (kept, fresh []manifest.Object) {
	taken := map[string]bool{}
	for i, objects := range w.parsed {
		if i == x.index {
			continue
		}
		for _, object := range objects {
			taken[keyOf(object)] = true
			kept = append(kept, object)
		}
	}
	for _, object := range x.objects {
		if !taken[keyOf(object)] {
			taken[keyOf(object)] = true
			fresh = append(fresh, object)
		}
	}
	return kept, fresh
}
