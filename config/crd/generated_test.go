package crd

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/config/crd/digest"
	"github.com/sluice-serving/sluice/controller/manifest"
)

// TestGeneratedIsUpToDate holds the generated files, and the types that they were generated from, against the digests that the generator left.
func TestGeneratedIsUpToDate(t *testing.T) {
	t.Parallel()
	recorded, err := os.ReadFile("generated.sum")
	if err != nil {
		t.Fatal(err)
	}
	now, err := digest.Of("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(now) < 40 {
		t.Errorf("only %d files go into the generated ones or are generated", len(now))
	}
	if diff := cmp.Diff(string(recorded), digest.Text(now)); diff != "" {
		t.Errorf("a type or a generated file has changed; run make generate (-recorded +now):\n%s", diff)
	}
}

// definition is what these tests read of a CustomResourceDefinition.
type definition struct {
	Spec struct {
		Group string `json:"group"`
		Scope string `json:"scope"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name    string `json:"name"`
			Storage bool   `json:"storage"`
		} `json:"versions"`
	} `json:"spec"`
}

// TestEveryKindHasItsDefinition holds that what the decoder reads and what a cluster is given are the same kinds, in the same versions.
func TestEveryKindHasItsDefinition(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d definition
		if err := yaml.Unmarshal(data, &d); err != nil {
			t.Fatal(err)
		}
		stored := 0
		for _, version := range d.Spec.Versions {
			if version.Storage {
				stored++
			}
			kinds[d.Spec.Names.Kind+" "+version.Name] = true
			if clusterWide, known := manifest.Scope(d.Spec.Group+"/"+version.Name, d.Spec.Names.Kind); !known || clusterWide != (d.Spec.Scope == "Cluster") {
				t.Errorf("%s: scope %s, and the decoder knows it: %t, cluster-wide: %t", file, d.Spec.Scope, known, clusterWide)
			}
		}
		if stored != 1 {
			t.Errorf("%s: %d versions are stored", file, stored)
		}
	}
	for _, kind := range []string{
		"InferenceService v1beta1", "ServingRuntime v1alpha1", "ClusterServingRuntime v1alpha1", "InferenceGraph v1alpha1", "TrainedModel v1alpha1",
		"ClusterStorageContainer v1alpha1", "LocalModelCache v1alpha1", "LocalModelNamespaceCache v1alpha1", "LocalModelNodeGroup v1alpha1", "LocalModelNode v1alpha1",
		"LLMInferenceService v1alpha1", "LLMInferenceService v1alpha2", "LLMInferenceServiceConfig v1alpha1", "LLMInferenceServiceConfig v1alpha2",
	} {
		if !kinds[kind] {
			t.Errorf("%s has no definition", kind)
		}
	}
}
