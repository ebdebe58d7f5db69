package plan

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// ByNameNamespace is where the routes of [ByName] live. Their backends are in other namespaces, so translation lets
// planned routes of this namespace cross without a ReferenceGrant.
const ByNameNamespace = "sluice-system"

// ByNameInput is one service as [ByName] needs it.
type ByNameInput struct {
	Namespace, Name string
	// Route is the service's planned top-level HTTPRoute; nil leaves the service out.
	Route *gatewayv1.HTTPRoute
	// Responses are the service's planned DirectResponses, to which Route may refer.
	Responses []sluicev1alpha1.DirectResponse
	// Ready is the service's Ready condition.
	Ready bool
}

// Models are all models as far as answers of the whole machine tell of them.
type Models struct {
	// Names are sorted, each once. Of more than [MaxListed] those after that may be left out; Count is how many there are.
	Names []string
	Count int
	// Unready are the services that are not ready as "namespace/name", likewise.
	Unready      []string
	UnreadyCount int
}

// MaxListed is the greatest number of names that an answer lists.
const MaxListed = 100

// ByName makes the services of one name reachable at plain localhost, by that name in the path: /v1/models/NAME… and
// /v2/models/NAME…. A name that two namespaces have is refused, naming both hosts. There are two routes with the same
// rules, for host localhost and for every host that no other route has, or none where no service has a route. What is
// asked for beside the models, [ModelIndex] answers.
//
// Beside localhost and the further hosts given, an IP address is a host at which models answer, and no other name is: a
// web page can point a name of its own at this machine and have a visitor's browser ask here (DNS rebinding), which then
// sends that name. An address can't come about that way.
func ByName(same []ByNameInput, hosts []string) ([]gatewayv1.HTTPRoute, []sluicev1alpha1.DirectResponse) {
	sorted := slices.Clone(same)
	slices.SortFunc(sorted, compareInputs)
	sorted = slices.DeleteFunc(sorted, func(s ByNameInput) bool { return s.Route == nil })
	n := &naming{}
	switch len(sorted) {
	case 0:
		return nil, nil
	case 1:
		n.service(sorted[0])
	default:
		n.ambiguous(sorted)
	}
	return n.routes(sorted[0].Name, hosts)
}

// ModelIndex gives the routes of what is asked at plain localhost of no model: health, metadata, the list of models, and an
// answer to everything else. The version is the one that this machine's server metadata tells (GET /v2).
func ModelIndex(models Models, version string, hosts []string) ([]gatewayv1.HTTPRoute, []sluicev1alpha1.DirectResponse) {
	n := &naming{}
	n.health(models, version)
	n.unknown(models)
	return n.routes(sluicev1alpha1.AnyModel, hosts)
}

// AllByName gives the routes of [ByName] for every name, and those of [ModelIndex].
func AllByName(services []ByNameInput, version string, hosts []string) ([]gatewayv1.HTTPRoute, []sluicev1alpha1.DirectResponse) {
	sorted := slices.Clone(services)
	slices.SortFunc(sorted, compareInputs)
	sorted = slices.DeleteFunc(sorted, func(s ByNameInput) bool { return s.Route == nil })
	var models Models
	byName := map[string][]ByNameInput{}
	for _, s := range sorted {
		if byName[s.Name] == nil {
			models.Names = append(models.Names, s.Name)
		}
		byName[s.Name] = append(byName[s.Name], s)
		if !s.Ready {
			models.Unready = append(models.Unready, s.Namespace+"/"+s.Name)
		}
	}
	models.Count, models.UnreadyCount = len(models.Names), len(models.Unready)
	routes, responses := ModelIndex(models, version, hosts)
	for _, name := range models.Names {
		more, answers := ByName(byName[name], hosts)
		routes, responses = append(routes, more...), append(responses, answers...)
	}
	return routes, responses
}

func compareInputs(a, b ByNameInput) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
}

// naming collects the rules and the answers that they refer to.
type naming struct {
	rules     []gatewayv1.HTTPRouteRule
	responses []sluicev1alpha1.DirectResponse
}

// routes gives the rules for the requests of one model, or of any.
func (n *naming) routes(model string, hosts []string) ([]gatewayv1.HTTPRoute, []sluicev1alpha1.DirectResponse) {
	names := []gatewayv1.Hostname{"localhost"}
	for _, host := range hosts {
		names = append(names, gatewayv1.Hostname(host))
	}
	local := n.route("models-by-name-localhost", model, names...)
	n.foreign(model, names)
	everywhere := n.route("models-by-name", model)
	slices.SortFunc(n.responses, func(a, b sluicev1alpha1.DirectResponse) int { return cmp.Compare(a.Name, b.Name) })
	return []gatewayv1.HTTPRoute{everywhere, local}, n.responses
}

// foreignHost matches every host but an IP address, with or without a port.
const foreignHost = `[^\[].*[^0-9.:].*|[^0-9.:\[].*`

// foreign refuses names that are no host of this machine's. A rule with a header comes before those without.
func (n *naming) foreign(model string, names []gatewayv1.Hostname) {
	hosts := make([]string, 0, len(names))
	for _, name := range names {
		hosts = append(hosts, string(name))
	}
	name := "foreign-host"
	if model != sluicev1alpha1.AnyModel {
		name += "." + model
	}
	n.answer("/.*", name, 404, map[string]string{
		"error": "no model answers under this host; hosts are " + bounded(hosts, len(hosts)) +
			", this machine's IP addresses and each model's own, which `sluice get services` shows",
	})
	last := &n.rules[len(n.rules)-1]
	last.Matches[0].Headers = []gatewayv1.HTTPHeaderMatch{{Type: ref(gatewayv1.HeaderMatchRegularExpression), Name: "host", Value: foreignHost}}
}

// service copies the rules of a service's own route, narrowed to its name.
func (n *naming) service(s ByNameInput) {
	name := regexp.QuoteMeta(s.Name)
	for i, rule := range s.Route.Spec.Rules {
		var path string
		switch pathOf(rule) {
		case pathExplain:
			path = "/v1/models/" + name + ":explain"
		case pathAny:
			path = "/v[12]/models/" + name + "([:/].*)?"
		default:
			continue // gRPC calls don't say their model in the path: they go by authority.
		}
		copied := *rule.DeepCopy()
		// Translation finds the service's access policy by it.
		copied.Name = ref(gatewayv1.SectionName(s.Name + "." + s.Namespace))
		copied.Matches = []gatewayv1.HTTPRouteMatch{{Path: regex(path)}}
		n.qualify(&copied, s)
		n.adopt(&copied, s, i)
		n.rules = append(n.rules, copied)
	}
}

func pathOf(rule gatewayv1.HTTPRouteRule) string {
	if len(rule.Matches) == 0 || rule.Matches[0].Path == nil {
		return ""
	}
	return value(rule.Matches[0].Path.Value)
}

// qualify names the namespace of each backend.
func (n *naming) qualify(rule *gatewayv1.HTTPRouteRule, s ByNameInput) {
	for i := range rule.BackendRefs {
		if rule.BackendRefs[i].Namespace == nil {
			rule.BackendRefs[i].Namespace = ref(gatewayv1.Namespace(s.Namespace))
		}
	}
}

// adopt copies the answer that a rule refers to: an ExtensionRef can't leave its route's namespace.
func (n *naming) adopt(rule *gatewayv1.HTTPRouteRule, s ByNameInput, index int) {
	for i := range rule.Filters {
		extension := rule.Filters[i].ExtensionRef
		if extension == nil {
			continue
		}
		name := fmt.Sprintf("%s.%s.%d", s.Name, s.Namespace, index)
		for _, have := range s.Responses {
			if have.Name != string(extension.Name) {
				continue
			}
			copied := *have.DeepCopy()
			copied.ObjectMeta = metav1.ObjectMeta{Name: name, Namespace: ByNameNamespace}
			n.responses = append(n.responses, copied)
			extension.Name = gatewayv1.ObjectName(name)
			break
		}
	}
}

// ambiguous refuses a name that several namespaces have.
func (n *naming) ambiguous(same []ByNameInput) {
	var hosts []string
	for _, s := range same {
		host := s.Namespace + "/" + s.Name
		if len(s.Route.Spec.Hostnames) > 0 {
			host += " at host " + string(s.Route.Spec.Hostnames[0])
		}
		hosts = append(hosts, host)
	}
	name := same[0].Name
	n.answer("/v[12]/models/"+regexp.QuoteMeta(name)+"([:/].*)?", "ambiguous."+name, 409, map[string]string{
		"error": fmt.Sprintf("model %s is served by several namespaces: %s; send the request to one of these hosts", name, strings.Join(hosts, ", ")),
	})
}

// health answers for the whole machine, as the Open Inference Protocol asks of a server.
func (n *naming) health(models Models, version string) {
	n.answer("/v2/health/live", "live", 200, map[string]bool{"live": true})
	if models.UnreadyCount == 0 {
		n.answer("/v2/health/ready", "ready", 200, map[string]bool{"ready": true})
	} else {
		n.answer("/v2/health/ready", "ready", 503, map[string]any{
			"ready": false, "error": "not ready: " + bounded(models.Unready, models.UnreadyCount),
		})
	}
	n.answer("/v2/?", "metadata", 200, map[string]any{"name": "sluice", "version": version, "extensions": []string{}})
	n.answer("/v1/models/?", "models", 200, map[string]any{"models": append([]string{}, models.Names[:min(len(models.Names), MaxListed)]...)})
}

// unknown answers everything else.
func (n *naming) unknown(models Models) {
	message := "no model is served yet"
	if models.Count > 0 {
		message = "nothing is served under this path: models are " + bounded(models.Names, models.Count) +
			"; ask for /v1/models/NAME:predict or /v2/models/NAME/infer, and for gRPC send the model's host as authority"
	}
	n.answer("/.*", "unknown", 404, map[string]string{"error": message})
}

func (n *naming) answer(path, name string, status int32, body any) {
	n.responses = append(n.responses, answer(ByNameNamespace, name, status, body))
	n.rules = append(n.rules, gatewayv1.HTTPRouteRule{
		Matches: []gatewayv1.HTTPRouteMatch{{Path: regex(path)}},
		Filters: []gatewayv1.HTTPRouteFilter{respondWith(name)},
	})
}

// route gives a route of the rules. An object's name can't hold "*".
func (n *naming) route(name, model string, hosts ...gatewayv1.Hostname) gatewayv1.HTTPRoute {
	if model != sluicev1alpha1.AnyModel {
		name += "." + model
	}
	r := gatewayv1.HTTPRoute{
		TypeMeta: metav1.TypeMeta{APIVersion: gatewayv1.GroupVersion.String(), Kind: "HTTPRoute"},
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: ByNameNamespace, Annotations: map[string]string{sluicev1alpha1.AnnotationByModel: model},
		},
	}
	r.Spec.ParentRefs = []gatewayv1.ParentReference{parent(settings.Cluster("localhost").Ingress)}
	r.Spec.Hostnames = hosts
	for _, rule := range n.rules {
		r.Spec.Rules = append(r.Spec.Rules, *rule.DeepCopy())
	}
	return r
}

// bounded joins the first of the names, and counts those that an answer has no room for.
func bounded(names []string, count int) string {
	const most = 40
	if count <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), count-most)
}
