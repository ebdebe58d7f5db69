package standalone

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// Loaded is what a `sluice run` over some paths would start from. The commands that show the pure stages read manifests by
// it, so that they see what a run sees.
type Loaded struct {
	// Documents are the objects in force, sorted by kind, namespace and name.
	Documents []manifest.Document
	Problems  []manifest.Problem
	// Files counts the files that were read.
	Files int
}

// Load reads manifests and model files at paths, each a directory or a file, by the rules of [Driver.Run].
func Load(paths []string) Loaded {
	now := newDirectory(paths).read()
	v := newInventory()
	v.take(now)
	return Loaded{Documents: v.all(), Problems: v.problems(), Files: len(now.files)}
}

// Resolve makes an InferenceService's relative paths absolute, from where its manifest stands, and says what stands at
// each file:// path in it.
func Resolve(service *v1beta1.InferenceService, source manifest.Source) (*v1beta1.InferenceService, map[string]settings.FileKind) {
	return resolvePaths(service, manifestDir(source))
}

// DefaultRuntimes are the ClusterServingRuntimes that come with sluice, sorted by name.
func DefaultRuntimes() ([]v1alpha1.ClusterServingRuntime, error) {
	byName, err := defaultRuntimes()
	if err != nil {
		return nil, err
	}
	var all []v1alpha1.ClusterServingRuntime
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		all = append(all, *byName[name])
	}
	return all, nil
}

// Gateway is the one that a run over manifests makes by itself.
func Gateway(name types.NamespacedName, port uint16) gatewayv1.Gateway {
	return *newGateway(name, port)
}
