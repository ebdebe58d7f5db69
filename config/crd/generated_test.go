package crd

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/controller/manifest"
)

const root = "../.."

// TestGeneratedIsUpToDate holds the generated files, and what they were generated from, against the digests that the generator left.
func TestGeneratedIsUpToDate(t *testing.T) {
	t.Parallel()
	sums := recorded(t)
	for path, want := range sums {
		data, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Errorf("%v; run make generate", err)
			continue
		}
		if digest := sha256.Sum256(data); hex.EncodeToString(digest[:]) != want {
			t.Errorf("%s is not what the generated files were made from, or with; run make generate", path)
		}
	}
	for _, dir := range []string{"api/serving", "config/crd", "docs/reference"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") || filepath.Ext(path) == ".sum" || strings.Contains(path, "testdata") {
				return err
			}
			inRepository, err := filepath.Rel(root, path)
			if _, known := sums[filepath.ToSlash(inRepository)]; !known && err == nil {
				t.Errorf("%s is not among the generated files or their sources; run make generate", inRepository)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func recorded(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("generated.sum")
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		digest, path, _ := strings.Cut(lines.Text(), "  ")
		sums[path] = digest
	}
	if len(sums) < 40 {
		t.Fatalf("generated.sum has only %d files", len(sums))
	}
	return sums
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
