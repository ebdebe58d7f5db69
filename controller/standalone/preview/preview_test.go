package preview_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/controller/standalone/preview"
)

const iris = `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris}
spec:
  predictor:
    model:
      modelFormat: {name: onnx}
      storageUri: file://model.onnx
`

// of gives the preview of a manifest that stands in a folder of its own.
func of(t *testing.T, manifest string, o preview.Options) preview.Preview {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded := standalone.Load([]string{file})
	if len(loaded.Problems) > 0 {
		t.Fatal(loaded.Problems)
	}
	o.HTTPPort, o.BundledFormats = 8080, []string{"onnx"}
	shown, err := preview.New(loaded, o)
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

func TestPreviewSettlesWithEveryPodReady(t *testing.T) {
	t.Parallel()
	// The model isn't on this machine: a preview is as if it were.
	shown := of(t, iris, preview.Options{})
	if len(shown.Plans) != 1 || !shown.Plans[0].Result.Status.IsReady() || len(shown.Plans[0].Result.DirectResponses) != 0 {
		t.Fatalf("plans %+v; want one that is ready", shown.Plans)
	}
	if faults := shown.Faults(); len(faults) != 0 {
		t.Errorf("faults: %q", faults)
	}
	var hosts []string
	for _, host := range shown.Translated.Config.Hosts {
		hosts = append(hosts, host.Name)
	}
	for _, want := range []string{"iris-default.localhost", "localhost"} {
		if !slices.Contains(hosts, want) {
			t.Errorf("hosts %v; want %s among them", hosts, want)
		}
	}
}

func TestPreviewBeforeAnyPodIsReadyIsNoFault(t *testing.T) {
	t.Parallel()
	shown := of(t, iris, preview.Options{NotReady: true})
	result := shown.Plans[0].Result
	if result.Status.IsReady() || len(result.DirectResponses) == 0 {
		t.Errorf("ready %v, responses %v; want a service that answers with the reason", result.Status.IsReady(), result.DirectResponses)
	}
	if faults := shown.Faults(); len(faults) != 0 {
		t.Errorf("faults: %q", faults)
	}
}

func TestPreviewKeepsTheGatewayThatIsGiven(t *testing.T) {
	t.Parallel()
	shown := of(t, iris+`---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kserve-ingress-gateway, namespace: kserve}
spec:
  gatewayClassName: sluice
  listeners: [{name: mine, port: 8088, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]
`, preview.Options{})
	if _, there := shown.Translated.Gateways[types.NamespacedName{Namespace: "kserve", Name: "kserve-ingress-gateway"}]; !there || len(shown.Translated.Config.Listeners) != 1 || shown.Translated.Config.Listeners[0].Port != 8088 {
		t.Errorf("listeners %+v; want the given one alone", shown.Translated.Config.Listeners)
	}
}

func TestPreviewNamesWhatCanNotBePlannedOrRouted(t *testing.T) {
	t.Parallel()
	shown := of(t, strings.Replace(iris, "name: onnx", "name: tensorflow", 1)+`---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: stray}
spec:
  parentRefs: [{name: kserve-ingress-gateway, namespace: kserve}]
  hostnames: [stray.localhost]
  rules: [{backendRefs: [{name: nothing, port: 80}]}]
`, preview.Options{})
	faults := strings.Join(shown.Faults(), "\n")
	for _, want := range []string{"InferenceService default/iris: PredictorReady is False: ", "HTTPRoute default/stray: ResolvedRefs is False: BackendNotFound: "} {
		if !strings.Contains(faults, want) {
			t.Errorf("faults lack %q:\n%s", want, faults)
		}
	}
}
