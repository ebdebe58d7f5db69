package runtimes

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
)

func TestCandidatesSayWhatTheyWerePassedOverFor(t *testing.T) {
	t.Parallel()
	dog := cluster("dog")
	dog.Spec.SupportedModelFormats[0].Name = "dog"
	own := v1alpha1.ServingRuntime{Spec: cluster("x").Spec}
	own.Name = "own"
	type list = []v1alpha1.ClusterServingRuntime
	const unmeant = "of equal priority, protocol and age; a comes first by its name: priorities would say which is meant"
	cases := map[string]struct {
		request Request
		have    list
		own     []v1alpha1.ServingRuntime
		want    []string
	}{
		"the only one": {have: list{dog, cluster("a")}, want: []string{"a chosen: the only one that fits", "dog unfit: it supports dog 1, not cat"}},
		"in order": {
			have: list{cluster("b"), cluster("a"), cluster("c", priorityOf(1)), cluster("d", priorityOf(3)), cluster("e", disabled), cluster("f", bundled)},
			want: []string{
				"f chosen: the first of 5 that fit",
				"d outranked: f comes with sluice and is taken first", "c outranked: f comes with sluice and is taken first",
				"a outranked: f comes with sluice and is taken first", "b outranked: f comes with sluice and is taken first",
				"e unfit: it is disabled",
			},
		},
		"priority": {have: list{cluster("a"), cluster("b", priorityOf(2)), cluster("c", priorityOf(1))}, want: []string{
			"b chosen: the first of 3 that fit", "c outranked: for cat it has priority 1, and b has priority 2", "a outranked: for cat it has no priority, and b has priority 2",
		}},
		"protocol": {request: Request{Protocol: "v2"}, have: list{cluster("a", speaks("v2")), cluster("b", speaks("v2", "v1"))}, want: []string{
			"b chosen: the first of 2 that fit", "a outranked: of equal priority; it speaks [v2], and b [v2 v1], whose lowest is lower",
		}},
		"age":    {have: list{cluster("a", made(2020)), cluster("b", made(2024))}, want: []string{"b chosen: the first of 2 that fit", "a outranked: of equal priority and protocol; b is newer"}},
		"chance": {have: list{cluster("b"), cluster("a")}, want: []string{"a chosen: the first of 2 that fit", "b outranked: " + unmeant}},
		"namespace": {have: list{cluster("a", priorityOf(9))}, own: []v1alpha1.ServingRuntime{own}, want: []string{
			"own chosen: the first of 2 that fit", "a outranked: own is of the service's namespace, whose runtimes come before the cluster's",
		}},
		"recorded": {request: Request{Recorded: Recorded{"a", true}}, have: list{cluster("a"), cluster("z", bundled)}, want: []string{
			"a chosen: the first of 2 that fit", "z outranked: the service's status names a, and what comes with sluice is taken first only where it names none",
		}},
		"several reasons": {request: Request{Version: "2"}, have: list{cluster("a", speaks("v2"), multi), cluster("b", workers, manual)}, want: []string{
			"a unfit: it supports cat 1, not cat 2, and it is for several models in one pod, and it speaks [v2], not v1",
			"b unfit: it supports cat 1, not cat 2, and it is for models on several nodes",
		}},
		"workers": {request: Request{Workers: true}, have: list{cluster("a"), cluster("b", workers, manual)}, want: []string{
			"a unfit: it has no workerSpec, which the predictor's workerSpec needs", "b unfit: it is not chosen automatically (autoSelect)",
		}},
		"those of the format first": {have: list{dog, cluster("z", disabled)}, want: []string{"z unfit: it is disabled", "dog unfit: it supports dog 1, not cat"}},
		"named": {request: Request{Named: "a"}, have: list{cluster("b", priorityOf(9)), cluster("a", manual)}, want: []string{
			"a chosen: the manifest names it", `b unfit: the manifest names runtime "a"`,
		}},
		"named in the namespace": {request: Request{Named: "own"}, have: list{cluster("own")}, own: []v1alpha1.ServingRuntime{own}, want: []string{
			"own chosen: the manifest names it", "own unfit: the namespace has a ServingRuntime of this name, which comes before the cluster's",
		}},
		"named and disabled": {request: Request{Named: "a"}, have: list{cluster("a", disabled)}, want: []string{"a unfit: it is disabled"}},
		"named and unknown":  {request: Request{Named: "x"}, have: list{cluster("a")}, want: []string{`a unfit: the manifest names runtime "x"`}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.request
			r.Format, r.Runtimes, r.ClusterRuntimes = "cat", c.own, c.have
			var got []string
			for _, candidate := range Candidates(r) {
				got = append(got, candidate.Name+" "+string(candidate.Verdict)+": "+candidate.Why)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			chosen, err := Choose(r)
			if (err == nil) != (Candidates(r)[0].Verdict == Chosen) || err == nil && chosen.Name != Candidates(r)[0].Name {
				t.Errorf("Choose gives %q, %v", chosen.Name, err)
			}
		})
	}
}

func TestAModelWithoutFormatFitsNoCandidate(t *testing.T) {
	t.Parallel()
	got := Candidates(Request{ClusterRuntimes: []v1alpha1.ClusterServingRuntime{cluster("a")}})
	want := []Candidate{{Name: "a", Kind: "ClusterServingRuntime", Verdict: Unfit, Why: "it supports cat 1, and the model names no format"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRefusalSaysWhatWouldMendIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request Request
		have    v1alpha1.ClusterServingRuntime
		want    string
	}{
		"protocol":       {Request{}, cluster("a", speaks("v2")), "no runtime serves format cat with protocol v1, which counts where the manifest names none, by itself (a: it speaks [v2], not v1): set model.protocolVersion to one that is spoken, or name one in model.runtime"},
		"asked protocol": {Request{Protocol: "v1"}, cluster("a", speaks("v2")), "no runtime serves format cat with protocol v1 by itself (a: it speaks [v2], not v1): set model.protocolVersion to one that is spoken"},
		"version":        {Request{Protocol: "v1", Version: "2"}, cluster("a"), "no runtime serves format cat 2 with protocol v1 by itself (a: it supports cat 1, not cat 2): change model.modelFormat.version or leave it out"},
		"disabled":       {Request{Protocol: "v1"}, cluster("a", disabled), "no runtime serves format cat with protocol v1 by itself (a: it is disabled): set the runtime's spec.disabled to false"},
		"workers":        {Request{Protocol: "v1", Workers: true}, cluster("a"), "no runtime serves format cat with protocol v1 by itself (a: it has no workerSpec, which the predictor's workerSpec needs): remove the predictor's workerSpec"},
		"manual":         {Request{Protocol: "v1"}, cluster("a", manual), "no runtime serves format cat with protocol v1 by itself (a: it is not chosen automatically (autoSelect)): name one in model.runtime"},
	} {
		r := c.request
		r.Format, r.ClusterRuntimes = "cat", []v1alpha1.ClusterServingRuntime{c.have}
		if _, err := Choose(r); err == nil || err.Error() != c.want {
			t.Errorf("%s: got  %v\nwant %s", name, err, c.want)
		}
	}
}
