package plan_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/plan"
)

// ask gives what a host without a name of its own does with a path: a backend "namespace/service", or "status body".
func ask(t *testing.T, routes []gatewayv1.HTTPRoute, responses []sluicev1alpha1.DirectResponse, path string) string {
	t.Helper()
	rule := byName(t, routes, path)
	for _, filter := range rule.Filters {
		if filter.ExtensionRef == nil {
			continue
		}
		for _, r := range responses {
			if r.Name == string(filter.ExtensionRef.Name) && r.Namespace == plan.ByNameNamespace {
				return strings.Join([]string{string(rune('0'+r.Spec.StatusCode/100)) + "xx", r.Spec.Body}, " ")
			}
		}
		t.Fatalf("rule for %s refers to an answer %s that isn't there", path, filter.ExtensionRef.Name)
	}
	return string(*rule.BackendRefs[0].Namespace) + "/" + string(rule.BackendRefs[0].Name)
}

// byName gives the rule that a path falls under: one of the model that it names, else one of the index.
func byName(t *testing.T, routes []gatewayv1.HTTPRoute, path string) gatewayv1.HTTPRouteRule {
	t.Helper()
	models := []string{sluicev1alpha1.AnyModel}
	if named := regexp.MustCompile("^/v[12]/models/([^/:?#]+)").FindStringSubmatch(path); named != nil {
		models = []string{named[1], sluicev1alpha1.AnyModel}
	}
	for _, model := range models {
		for _, route := range routes {
			if len(route.Spec.Hostnames) > 0 || route.Annotations[sluicev1alpha1.AnnotationByModel] != model {
				continue
			}
			for _, rule := range route.Spec.Rules {
				if regexp.MustCompile("^(?:" + *rule.Matches[0].Path.Value + ")$").MatchString(path) {
					return rule
				}
			}
		}
	}
	t.Fatalf("no rule takes %s", path)
	return gatewayv1.HTTPRouteRule{}
}

func byNameInput(s *story, namespace, name string) plan.ByNameInput {
	for i := range s.result.HTTPRoutes {
		if s.result.HTTPRoutes[i].Name == s.service.Name {
			return plan.ByNameInput{
				Namespace: namespace, Name: name, Route: &s.result.HTTPRoutes[i], Responses: s.result.DirectResponses,
				Ready: s.result.Status.IsReady(),
			}
		}
	}
	return plan.ByNameInput{}
}

func TestByName(t *testing.T) {
	t.Parallel()
	up := rolledOut(t)
	waiting := newStory(t)
	waiting.apply(serve("/one"))
	routes, responses := plan.AllByName([]plan.ByNameInput{
		byNameInput(up, "ns", "iris"),
		byNameInput(waiting, "ns", "digits"),
		byNameInput(up, "blue", "twice"),
		byNameInput(up, "red", "twice"),
		{Namespace: "ns", Name: "stopped"},
	}, "v0.1.0", []string{"gpu1.example.com"})
	if len(routes) != 8 {
		t.Fatalf("want a route for localhost and a catch-all for three models and the index, got %d", len(routes))
	}
	for i := 0; i < len(routes); i += 2 {
		all, local := routes[i], routes[i+1]
		if len(all.Spec.Hostnames) != 0 || local.Spec.Hostnames[0] != "localhost" || !reflect.DeepEqual(all.Spec.Rules[:len(all.Spec.Rules)-1], local.Spec.Rules) {
			t.Errorf("%s and %s are not a catch-all and the same for localhost", all.Name, local.Name)
		}
	}
	cases := map[string]string{
		"/v1/models/iris:predict":                    "ns/m-predictor",
		"/v2/models/iris":                            "ns/m-predictor",
		"/v2/models/iris/infer":                      "ns/m-predictor",
		"/v2/models/iris/versions/1":                 "ns/m-predictor",
		"/v1/models/iri:predict":                     "4xx",
		"/v2/models/irises":                          "4xx",
		"/v2/models/digits/infer":                    "5xx {\"error\":\"InferenceService ns/m is not ready: Starting",
		"/v2/models/twice/infer":                     "4xx {\"error\":\"model twice is served by several namespaces: blue/twice",
		"/v2/models/stopped/infer":                   "4xx",
		"/v2/health/live":                            "2xx",
		"/v2/health/ready":                           "5xx",
		"/v2":                                        "2xx {\"extensions\":[],\"name\":\"sluice\",\"version\":\"v0.1.0\"}",
		"/v1/models":                                 "2xx {\"models\":[\"digits\",\"iris\",\"twice\"]}",
		"/anything":                                  "4xx {\"error\":\"nothing is served under this path: models are digits, iris, twice",
		"/inference.GRPCInferenceService/ModelInfer": "4xx",
	}
	for path, want := range cases {
		if got := ask(t, routes, responses, path); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q…", path, got, want)
		}
	}
}

// TestByNameRefusesForeignHosts holds that names are answered that are listed, and addresses, and nothing else.
func TestByNameRefusesForeignHosts(t *testing.T) {
	t.Parallel()
	routes, _ := plan.ModelIndex(plan.Models{}, "", []string{"gpu1.example.com"})
	if names := routes[1].Spec.Hostnames; len(names) != 2 || names[1] != "gpu1.example.com" {
		t.Errorf("models answer at the names %v", names)
	}
	rules := routes[0].Spec.Rules
	match := rules[len(rules)-1].Matches[0].Headers
	if len(match) != 1 || match[0].Name != "host" {
		t.Fatalf("the last rule matches by the headers %+v", match)
	}
	foreign := regexp.MustCompile("^(?:" + match[0].Value + ")$")
	for host, want := range map[string]bool{
		"127.0.0.1": false, "127.0.0.1:8080": false, "10.1.2.3": false, "[::1]": false, "[::1]:8080": false, "[fe80::1]:80": false,
		"evil.example.com": true, "evil.example.com:8080": true, "a": true, "127.0.0.1.evil.com": true, "127.0.0.1x": true, "localhost.": true,
		"1.2.3.4:80.evil.com": true, "0x7f.1": true, "evil.com:127": true,
	} {
		if got := foreign.MatchString(host); got != want {
			t.Errorf("host %q: foreign is %v, want %v", host, got, want)
		}
	}
}

func TestByNameOfNothing(t *testing.T) {
	t.Parallel()
	routes, responses := plan.AllByName(nil, "", nil)
	if got := ask(t, routes, responses, "/v2/health/ready"); !strings.HasPrefix(got, "2xx") {
		t.Errorf("a machine with no model is ready, got %q", got)
	}
	if got := ask(t, routes, responses, "/"); !strings.HasPrefix(got, "4xx") {
		t.Errorf("got %q", got)
	}
}

func TestByNameKeepsTheCanarysSplit(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(both(serve("/two"), percent(10)))
	s.settle()
	routes, _ := plan.AllByName([]plan.ByNameInput{byNameInput(s, "ns", "m")}, "", nil)
	if backends := byName(t, routes, "/v2/models/m/infer").BackendRefs; len(backends) != 2 || *backends[1].Weight != 10 {
		t.Errorf("backends are %+v", backends)
	}
}

func TestModelFile(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ name, refusal, format, head string }{
		"/models/Iris_v2.onnx":                     {name: "iris-v2"},
		"/models/2024-best.model.onnx":             {name: "best-model"},
		"/models/iris/1/model.onnx":                {name: "iris"},
		"/models/iris/v12/Model.onnx":              {name: "iris"},
		"/models/digits/model.onnx":                {name: "digits"},
		"/models/2/1/model.onnx":                   {name: "model"},
		"/model.onnx":                              {name: "model"},
		"/models/iris/1/weights.onnx":              {name: "weights"},
		"/models/ÄÖ.onnx":                          {refusal: "has no letter"},
		"/models/m.pkl":                            {name: "m", format: "sklearn"},
		"/models/m.ubj":                            {name: "m", format: "xgboost"},
		"/models/lgb.bst":                          {name: "lgb", format: "lightgbm", head: "tree\n"},
		"/models/xgb.bst":                          {name: "xgb", format: "xgboost", head: "binf"},
		"/models/xgb.json":                         {name: "xgb", format: "xgboost", head: `{"learner":{}}`},
		"/models/iris/model.txt":                   {name: "iris", format: "lightgbm", head: "tree\nversion=v4"},
		"/models/readme.txt":                       {head: "a tree", refusal: "ends in .txt and holds no model"},
		"/models/request.json":                     {head: `{"instances":["learner"]}`, refusal: "ends in .json and holds no model"},
		"/models/m.pt":                             {refusal: "formats served are lightgbm (.model .txt .lgb .bst), onnx (.onnx), sklearn (.joblib .pkl .pickle), xgboost (.json .ubj .model .bst); convert it to ONNX (torch.onnx.export)"},
		"/models/m.xyz":                            {refusal: "stands for no model format"},
		"models/m.onnx":                            {refusal: "not absolute"},
		"/m/" + strings.Repeat("a", 200) + ".onnx": {name: strings.Repeat("a", 40)},
	}
	for path, want := range cases {
		got, err := plan.ModelFile(path, "/", []byte(want.head))
		switch {
		case want.refusal != "":
			if err == nil || !strings.Contains(err.Error(), want.refusal) {
				t.Errorf("%s: got error %v, want %q", path, err, want.refusal)
			}
		case want.format != "" && (err != nil || got.Spec.Predictor.Model.ModelFormat.Name != want.format):
			t.Errorf("%s: got %v (%v), want %s", path, got.Spec.Predictor.Model, err, want.format)
		case err != nil || got.Name != want.name || *got.Spec.Predictor.Model.StorageURI != "file://"+path:
			t.Errorf("%s: got %s (%v), want %s", path, got.Name, err, want.name)
		}
	}
}

func TestModelIsNamedByWhatTheUserNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, root, name string }{
		{"/home/me/model.onnx", "/home/me/model.onnx", "model"},
		{"/home/me/iris/model.onnx", "/home/me/iris", "iris"},
		{"/home/me/iris/1/model.onnx", "/home/me/iris", "iris"},
		{"/home/me/iris/1/model.onnx", "/home/me/iris/1", "model"},
		{"/home/me/irises/model.onnx", "/home/me/iris", "model"},
	} {
		got, err := plan.ModelFile(c.file, c.root, nil)
		if err != nil || got.Name != c.name {
			t.Errorf("%s below %s: got %s (%v), want %s", c.file, c.root, got.Name, err, c.name)
		}
	}
}

func TestNewestVersionOfAModelIsServed(t *testing.T) {
	t.Parallel()
	got := plan.NewestModels([]string{
		"m/digits/model.onnx", "m/iris/1/model.onnx", "m/iris/2/extra.onnx", "m/iris/9/model.onnx", "m/iris/010/model.onnx", "m/iris/old/model.onnx",
		"m/dated/20250101120000000000000000/model.onnx", "m/dated/20260101120000000000000000/model.onnx", "m/v/v1/model.onnx", "m/v/v2/model.onnx",
	})
	want := []string{
		"m/digits/model.onnx", "m/iris/2/extra.onnx", "m/iris/010/model.onnx", "m/iris/old/model.onnx",
		"m/dated/20260101120000000000000000/model.onnx", "m/v/v2/model.onnx",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestTransformerKeepsItsPodsWhenACanaryIsPromoted(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.apply(both(serve("/one"), func(spec *v1beta1.InferenceServiceSpec) {
		spec.Transformer = &v1beta1.TransformerSpec{}
		spec.Transformer.Containers = []corev1.Container{{Command: []string{"transform"}}}
	}))
	before := encode(t, find(t, s.result, "m-transformer").Spec.Template)
	s.apply(both(serve("/two"), named("v2")))
	if after := encode(t, find(t, s.result, "m-transformer").Spec.Template); before != after {
		t.Errorf("the transformer restarts:\nbefore %s\nafter  %s", before, after)
	}
}
