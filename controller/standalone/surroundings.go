package standalone

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/config"
	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/manifest"
)

// surroundings are what InferenceServices and their pods may refer to, as of one reading. They are shared by
// all plans and never changed.
type surroundings struct {
	// clusterRuntimes are sorted by name.
	clusterRuntimes []v1alpha1.ClusterServingRuntime
	// runtimes are each namespace's, sorted by name.
	runtimes map[string][]v1alpha1.ServingRuntime
	// references are what the pods of each namespace may refer to.
	references map[string]engine.References
}

// surround gathers the surroundings from an inventory. Of the runtimes that come with sluice those are left
// out that the inventory has one of the same name for.
func surround(objects inventory, ours map[string]*v1alpha1.ClusterServingRuntime, stateDir string) surroundings {
	out := surroundings{runtimes: map[string][]v1alpha1.ServingRuntime{}, references: map[string]engine.References{}}
	byName := maps.Clone(ours)
	for key, document := range objects {
		switch object := document.Object.(type) {
		case *v1alpha1.ClusterServingRuntime:
			byName[object.Name] = object
		case *v1alpha1.ServingRuntime:
			out.runtimes[key.namespace] = append(out.runtimes[key.namespace], *object)
		case *corev1.Secret:
			out.refer(key.namespace).Secrets[key.name] = object
		case *corev1.ConfigMap:
			out.refer(key.namespace).ConfigMaps[key.name] = object
		case *corev1.PersistentVolumeClaim:
			out.refer(key.namespace).Claims[key.name] = claimDir(object, manifestDir(document.Source), stateDir)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out.clusterRuntimes = append(out.clusterRuntimes, *byName[name])
	}
	for _, runtimes := range out.runtimes {
		slices.SortFunc(runtimes, func(a, b v1alpha1.ServingRuntime) int { return strings.Compare(a.Name, b.Name) })
	}
	return out
}

// refer gives a namespace's references, to be added to.
func (s surroundings) refer(namespace string) engine.References {
	refs, known := s.references[namespace]
	if !known {
		refs = engine.References{
			Secrets: map[string]*corev1.Secret{}, ConfigMaps: map[string]*corev1.ConfigMap{}, Claims: map[string]string{},
		}
		s.references[namespace] = refs
	}
	return refs
}

// defaultRuntimes are the ClusterServingRuntimes that come with sluice.
func defaultRuntimes() (map[string]*v1alpha1.ClusterServingRuntime, error) {
	files := config.Runtimes()
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	runtimes := map[string]*v1alpha1.ClusterServingRuntime{}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		documents, problems := manifest.Parse(name, data)
		if len(problems) > 0 {
			return nil, fmt.Errorf("default runtime: %w", problems[0])
		}
		for _, document := range documents {
			if runtime, ok := document.Object.(*v1alpha1.ClusterServingRuntime); ok {
				runtimes[runtime.Name] = runtime
			}
		}
	}
	return runtimes, nil
}
