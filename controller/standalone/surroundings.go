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
	"github.com/sluice-serving/sluice/controller/plan/credentials"
)

// surroundings are what InferenceServices and their pods may refer to. The values that it gives are shared by all plans and
// never changed: an object that changes has those of its namespace made anew, and no others.
type surroundings struct {
	stateDir string
	// ours are the runtimes that come with sluice; a manifest of the same name comes before them.
	ours map[string]*v1alpha1.ClusterServingRuntime
	// sources are the objects, by namespace.
	sources map[string]map[objectKey]manifest.Document
	// stale are the namespaces that have changed since they were made. Cluster-wide objects are in namespace "".
	stale map[string]bool

	// clusterRuntimes are sorted by name.
	clusterRuntimes []v1alpha1.ClusterServingRuntime
	// runtimes are each namespace's, sorted by name.
	runtimes map[string][]v1alpha1.ServingRuntime
	// references are what the pods of each namespace may refer to.
	references map[string]engine.References
	// credentials are what the models of each namespace are fetched with.
	credentials map[string]credentials.Objects
}

func newSurroundings(ours map[string]*v1alpha1.ClusterServingRuntime, stateDir string) *surroundings {
	return &surroundings{
		stateDir: stateDir, ours: ours,
		sources: map[string]map[objectKey]manifest.Document{}, stale: map[string]bool{"": true},
		runtimes: map[string][]v1alpha1.ServingRuntime{}, references: map[string]engine.References{},
		credentials: map[string]credentials.Objects{},
	}
}

// surrounds says whether services or their pods may refer to objects of a kind.
func surrounds(kind string) bool {
	switch kind {
	case "ClusterServingRuntime", "ServingRuntime", "Secret", "ServiceAccount", "ConfigMap", "PersistentVolumeClaim":
		return true
	}
	return false
}

// set takes an object, and remove takes it away; refresh makes that count.
func (s *surroundings) set(key objectKey, document manifest.Document) {
	if s.sources[key.namespace] == nil {
		s.sources[key.namespace] = map[objectKey]manifest.Document{}
	}
	s.sources[key.namespace][key] = document
	s.stale[key.namespace] = true
}

func (s *surroundings) remove(key objectKey) {
	delete(s.sources[key.namespace], key)
	s.stale[key.namespace] = true
}

// refresh makes what has changed anew, and gives the namespaces that it is of.
func (s *surroundings) refresh() map[string]bool {
	stale := s.stale
	s.stale = map[string]bool{}
	for namespace := range stale {
		if namespace == "" {
			s.refreshCluster()
		} else {
			s.refreshNamespace(namespace)
		}
	}
	return stale
}

// refreshCluster leaves out those of our runtimes of which a manifest brings one of the same name.
func (s *surroundings) refreshCluster() {
	byName := maps.Clone(s.ours)
	for _, document := range s.sources[""] {
		if runtime, ok := document.Object.(*v1alpha1.ClusterServingRuntime); ok {
			byName[runtime.Name] = runtime
		}
	}
	s.clusterRuntimes = nil
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		s.clusterRuntimes = append(s.clusterRuntimes, *byName[name])
	}
}

func (s *surroundings) refreshNamespace(namespace string) {
	var runtimes []v1alpha1.ServingRuntime
	refs := engine.References{
		Secrets: map[string]*corev1.Secret{}, ConfigMaps: map[string]*corev1.ConfigMap{}, Claims: map[string]string{},
	}
	accounts := map[string]*corev1.ServiceAccount{}
	for key, document := range s.sources[namespace] {
		switch object := document.Object.(type) {
		case *v1alpha1.ServingRuntime:
			runtimes = append(runtimes, *object)
		case *corev1.Secret:
			refs.Secrets[key.name] = object
		case *corev1.ServiceAccount:
			accounts[key.name] = object
		case *corev1.ConfigMap:
			refs.ConfigMaps[key.name] = object
		case *corev1.PersistentVolumeClaim:
			refs.Claims[key.name] = claimDir(object, manifestDir(document.Source), s.stateDir)
		}
	}
	slices.SortFunc(runtimes, func(a, b v1alpha1.ServingRuntime) int { return strings.Compare(a.Name, b.Name) })
	s.runtimes[namespace], s.references[namespace] = runtimes, refs
	s.credentials[namespace] = credentials.Objects{ServiceAccounts: accounts, Secrets: refs.Secrets}
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
