package plan_test

import (
	"bytes"
	"encoding/csv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
)

// corpus is the folder of KServe's published manifests; the test skips where it isn't.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SLUICE_KSERVE_CORPUS")
	if dir == "" {
		dir = "../../../shared/kserve"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("KServe's manifests are not here: set SLUICE_KSERVE_CORPUS to their folder")
	}
	return dir
}

// TestKServeChoosesTheSameRuntime holds the choice for every published InferenceService against the runtime in the status that
// KServe's own reconciler gave it. With the bundled runtime there too, only that one may come in another's place.
func TestKServeChoosesTheSameRuntime(t *testing.T) {
	t.Parallel()
	dir := corpus(t)
	k := readKServe(t, dir)
	bundled := slices.DeleteFunc(defaultRuntimes(t), func(r v1alpha1.ClusterServingRuntime) bool {
		return r.Annotations[runtimes.AnnotationBundled] != "true"
	})
	goldens, err := filepath.Glob(filepath.Join(dir, "golden", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	outcomes := readOutcomes(t, dir)
	compared := map[string]int{}
	for _, golden := range goldens {
		file := filepath.Base(golden)
		in := k.input(readService(t, filepath.Join(dir, "manifests", "InferenceService", file)))
		requests, err := plan.RuntimeRequests(in)
		if err != nil {
			t.Fatal(err)
		}
		want := statusOf(t, golden)
		if len(requests) == 0 {
			if want.ServingRuntimeName+want.ClusterServingRuntimeName != "" {
				t.Errorf("%s: KServe chose %s%s, and nothing was asked for here", file, want.ServingRuntimeName, want.ClusterServingRuntimeName)
			}
			continue
		}
		request := requests[0].Request
		got, err := runtimes.Choose(request)
		if outcome := outcomes[file]; outcome != "" {
			// What KServe gave up on has no status: only whether it had found a runtime is known.
			if noRuntime := strings.Contains(strings.ToLower(outcome), "runtime"); noRuntime != (err != nil) {
				t.Errorf("%s: chose %q (%v), KServe: %s", file, got.Name, err, outcome)
			}
			continue
		}
		if name := want.ServingRuntimeName + want.ClusterServingRuntimeName; err != nil || got.Name != name || got.Cluster != (want.ClusterServingRuntimeName != "") {
			t.Errorf("%s: chose %q (%v), KServe %q", file, got.Name, err, name)
			continue
		}
		compared[got.Name]++
		checkCandidates(t, file, request, got.Name)

		request.ClusterRuntimes = slices.Concat(request.ClusterRuntimes, bundled)
		if with, err := runtimes.Choose(request); err != nil || with.Name != got.Name && (!with.Bundled() || request.Named != "" || !got.Cluster) {
			t.Errorf("%s: with the bundled runtime %q (%v), without it %q", file, with.Name, err, got.Name)
		}
		request.Recorded = runtimes.Recorded{Name: got.Name, Cluster: got.Cluster}
		if kept, err := runtimes.Choose(request); err != nil || kept.Name != got.Name {
			t.Errorf("%s: a service that has %s was given %q (%v)", file, got.Name, kept.Name, err)
		}
	}
	t.Logf("compared: %v", compared)
	if len(compared) < 10 {
		t.Errorf("only these runtimes were compared: %v", compared)
	}
}

// readOutcomes gives the detail of what KServe's reconciler ended in, by file; empty where all went well.
func readOutcomes(t *testing.T, corpus string) map[string]string {
	t.Helper()
	file, err := os.Open(filepath.Join(corpus, "golden.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, row := range rows {
		if row[1] != "ok" {
			out[filepath.Base(row[0])] = row[2]
		}
	}
	return out
}

// checkCandidates holds that the explanation is of the choice that was made, and leaves no runtime out.
func checkCandidates(t *testing.T, file string, r runtimes.Request, chosen string) {
	t.Helper()
	all := runtimes.Candidates(r)
	if len(all) != len(r.Runtimes)+len(r.ClusterRuntimes) || all[0].Verdict != runtimes.Chosen || all[0].Name != chosen {
		t.Errorf("%s: chose %s, but explained %+v", file, chosen, all)
	}
	for i, c := range all {
		if c.Why == "" || i > 0 && c.Verdict == runtimes.Chosen {
			t.Errorf("%s: %+v", file, c)
		}
	}
}

func statusOf(t *testing.T, golden string) v1beta1.InferenceServiceStatus {
	t.Helper()
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range bytes.Split(data, []byte("\n---\n")) {
		if bytes.Contains(document, []byte("\nkind: InferenceService\n")) {
			var s v1beta1.InferenceService
			unmarshal(t, document, &s)
			return s.Status
		}
	}
	t.Fatalf("%s has no InferenceService", golden)
	return v1beta1.InferenceServiceStatus{}
}

// TestDefaultRuntimesAreAsKServeShipsThem compares config/runtimes with what KServe publishes.
func TestDefaultRuntimesAreAsKServeShipsThem(t *testing.T) {
	t.Parallel()
	dir := corpus(t)
	ours := map[string]v1alpha1.ClusterServingRuntime{}
	for _, r := range defaultRuntimes(t) {
		ours[r.Name] = r
	}
	files, err := filepath.Glob(filepath.Join(dir, "manifests", "ClusterServingRuntime", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(data, []byte("# from kserve/kserve config/runtimes/")) {
			continue
		}
		var theirs v1alpha1.ClusterServingRuntime
		unmarshal(t, data, &theirs)
		got, found := ours[theirs.Name]
		if !found {
			t.Errorf("%s is not among the default runtimes", theirs.Name)
			continue
		}
		compared++
		if diff := cmp.Diff(published(theirs, got), published(got, got)); diff != "" {
			t.Errorf("%s (-KServe +sluice)\n%s", theirs.Name, diff)
		}
	}
	if compared < 15 {
		t.Errorf("compared %d runtimes only", compared)
	}
}

// published is a runtime without what differs on purpose: in KServe's files an image is a mark that its kustomization replaces, a
// field is written with its zero value, OpenVINO's runtime chooses itself though an installation leaves it out, and the multi-node runtime
// has scripts of its own.
func published(r, ours v1alpha1.ClusterServingRuntime) v1alpha1.ServingRuntimeSpec {
	spec := r.Spec.DeepCopy()
	for i := range spec.Containers {
		if strings.HasSuffix(spec.Containers[i].Image, ":replace") {
			spec.Containers[i].Image = ours.Spec.Containers[i].Image
		}
	}
	no := false
	if spec.MultiModel != nil && !*spec.MultiModel {
		spec.MultiModel = nil
	}
	spec.HostIPC = false
	switch r.Name {
	case "kserve-openvino":
		for i := range spec.SupportedModelFormats {
			spec.SupportedModelFormats[i].AutoSelect = &no
		}
	case multiNode:
		spec.Containers[0].Command = nil
		spec.WorkerSpec.Containers[0].Command = nil
		spec.WorkerSpec.Containers[0].Image = ""
		for _, c := range []corev1.Container{spec.Containers[0], spec.WorkerSpec.Containers[0]} {
			for _, probe := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
				if probe != nil {
					probe.Exec = nil
				}
			}
		}
	}
	return *spec
}

// TestDefaultRuntimesAreValid checks each by itself, and that no two of them leave a choice to chance.
func TestDefaultRuntimesAreValid(t *testing.T) {
	t.Parallel()
	all := defaultRuntimes(t)
	for i := range all {
		if errs := all[i].Spec.Validate(); len(errs) > 0 {
			t.Errorf("%s: %v", all[i].Name, errs)
		}
		for j := range i {
			if path := all[i].Spec.SamePriority(&all[j].Spec); path != nil {
				t.Errorf("%s and %s: %s", all[i].Name, all[j].Name, path)
			}
		}
	}
}

// TestChoiceDoesNotDependOnTheOrderOfLists asks for every format, version, protocol and number of nodes that the default runtimes know, with
// the runtimes in any order, and holds the choice against its explanation.
func TestChoiceDoesNotDependOnTheOrderOfLists(t *testing.T) {
	t.Parallel()
	all := defaultRuntimes(t)
	random := rand.New(rand.NewPCG(8, 3))
	asked := map[string]bool{"quantum": true}
	for _, r := range all {
		for _, f := range r.Spec.SupportedModelFormats {
			asked[f.Name] = true
		}
	}
	served := 0
	for format := range asked {
		for _, version := range []string{"", "0", "1", "2", "3", "4", "8", "10"} {
			for _, protocol := range []v1beta1.Protocol{"", v1beta1.ProtocolV1, v1beta1.ProtocolV2, v1beta1.ProtocolGRPCV1, v1beta1.ProtocolGRPCV2} {
				for _, workers := range []bool{false, true} {
					r := runtimes.Request{Format: format, Version: version, Protocol: protocol, Workers: workers, ClusterRuntimes: all}
					want, wantErr := runtimes.Choose(r)
					r.ClusterRuntimes = slices.Clone(all)
					random.Shuffle(len(all), func(i, j int) {
						r.ClusterRuntimes[i], r.ClusterRuntimes[j] = r.ClusterRuntimes[j], r.ClusterRuntimes[i]
					})
					got, err := runtimes.Choose(r)
					if got.Name != want.Name || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
						t.Errorf("%s %s %s: %q (%v) in one order, %q (%v) in another", format, version, protocol, want.Name, wantErr, got.Name, err)
					}
					if err == nil {
						served++
						checkCandidates(t, format+" "+version, r, got.Name)
					} else if all := runtimes.Candidates(r); slices.ContainsFunc(all, func(c runtimes.Candidate) bool { return c.Verdict != runtimes.Unfit || c.Why == "" }) {
						t.Errorf("%s %s %s: nothing was chosen (%v), but explained %+v", format, version, protocol, err, all)
					}
				}
			}
		}
	}
	if served < 50 {
		t.Errorf("only %d requests were served", served)
	}
}
