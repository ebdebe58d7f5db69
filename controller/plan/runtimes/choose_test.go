package runtimes

import (
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

type option func(*v1alpha1.ClusterServingRuntime)

// cluster makes a runtime for format cat, version 1, chosen automatically.
func cluster(name string, options ...option) v1alpha1.ClusterServingRuntime {
	yes, one := true, "1"
	r := v1alpha1.ClusterServingRuntime{}
	r.Name = name
	r.Spec.SupportedModelFormats = []v1alpha1.SupportedModelFormat{{Name: "cat", Version: &one, AutoSelect: &yes}}
	for _, o := range options {
		o(&r)
	}
	return r
}

func priorityOf(n int32) option {
	return func(r *v1alpha1.ClusterServingRuntime) { r.Spec.SupportedModelFormats[0].Priority = &n }
}

func speaks(p ...v1beta1.Protocol) option {
	return func(r *v1alpha1.ClusterServingRuntime) { r.Spec.ProtocolVersions = p }
}

func manual(r *v1alpha1.ClusterServingRuntime) { r.Spec.SupportedModelFormats[0].AutoSelect = nil }

func disabled(r *v1alpha1.ClusterServingRuntime) { yes := true; r.Spec.Disabled = &yes }

func workers(r *v1alpha1.ClusterServingRuntime) { r.Spec.WorkerSpec = &v1alpha1.WorkerSpec{} }

// also adds an entry for another version, with the priority.
func also(version string, priority int32) option {
	return func(r *v1alpha1.ClusterServingRuntime) {
		yes := true
		r.Spec.SupportedModelFormats = append(r.Spec.SupportedModelFormats, v1alpha1.SupportedModelFormat{Name: "cat", Version: &version, AutoSelect: &yes, Priority: &priority})
	}
}

func multi(r *v1alpha1.ClusterServingRuntime) { yes := true; r.Spec.MultiModel = &yes }

func bundled(r *v1alpha1.ClusterServingRuntime) {
	r.Annotations = map[string]string{AnnotationBundled: "true"}
}

func made(year int) option {
	return func(r *v1alpha1.ClusterServingRuntime) {
		r.CreationTimestamp = metav1.NewTime(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	type list = []v1alpha1.ClusterServingRuntime
	cases := map[string]struct {
		request Request
		have    list
		want    string
		reason  v1beta1.FailureReason
	}{
		"highest priority":                 {have: list{cluster("a", priorityOf(1)), cluster("b", priorityOf(2)), cluster("c")}, want: "b"},
		"the bundled one first":            {have: list{cluster("a", priorityOf(9)), cluster("z", bundled)}, want: "z"},
		"lowest protocol":                  {request: Request{Protocol: "v2"}, have: list{cluster("a", speaks("v2")), cluster("b", speaks("v1", "v2"))}, want: "b"},
		"newest":                           {have: list{cluster("a", made(2020)), cluster("b", made(2024))}, want: "b"},
		"name decides last":                {have: list{cluster("b"), cluster("a")}, want: "a"},
		"no protocol counts as v1":         {have: list{cluster("a", speaks("v2"))}, reason: v1beta1.FailureNoSupportingRuntime},
		"version":                          {request: Request{Version: "2"}, have: list{cluster("a")}, reason: v1beta1.FailureNoSupportingRuntime},
		"manual ones aren't chosen":        {have: list{cluster("a", manual)}, reason: v1beta1.FailureNoSupportingRuntime},
		"but found by name":                {request: Request{Named: "a"}, have: list{cluster("a", manual)}, want: "a"},
		"disabled ones aren't chosen":      {have: list{cluster("a", disabled)}, reason: v1beta1.FailureNoSupportingRuntime},
		"nor found by name":                {request: Request{Named: "a"}, have: list{cluster("a", disabled)}, reason: v1beta1.FailureRuntimeDisabled},
		"nor those for several models":     {have: list{cluster("a", multi)}, reason: v1beta1.FailureNoSupportingRuntime},
		"unknown name":                     {request: Request{Named: "b"}, have: list{cluster("a")}, reason: v1beta1.FailureRuntimeNotRecognized},
		"named without the format":         {request: Request{Named: "a", Format: "dog"}, have: list{cluster("a")}, reason: v1beta1.FailureNoSupportingRuntime},
		"named without the protocol":       {request: Request{Named: "a", Protocol: "grpc-v2"}, have: list{cluster("a", speaks("v1"))}, reason: v1beta1.FailureNoSupportingRuntime},
		"named without protocol asked":     {request: Request{Named: "a"}, have: list{cluster("a", speaks("v2"))}, want: "a"},
		"any priority before none":         {have: list{cluster("a"), cluster("b", priorityOf(1), made(2000))}, want: "b"},
		"priority before protocol":         {request: Request{Protocol: "v2"}, have: list{cluster("a", speaks("v1", "v2")), cluster("b", speaks("v2"), priorityOf(1))}, want: "b"},
		"protocol before age":              {request: Request{Protocol: "v2"}, have: list{cluster("a", speaks("v2"), made(2024)), cluster("b", speaks("v1", "v2"), made(2000))}, want: "b"},
		"no list of protocols is any":      {request: Request{Protocol: "grpc-v2"}, have: list{cluster("a")}, want: "a"},
		"a listed protocol before any":     {have: list{cluster("a"), cluster("b", speaks("grpc-v1", "v1"))}, want: "b"},
		"the first entry's priority":       {request: Request{Version: "2"}, have: list{cluster("a", also("2", 9)), cluster("b", also("2", 1), priorityOf(1))}, want: "b"},
		"a version among several":          {request: Request{Version: "2"}, have: list{cluster("a"), cluster("b", also("2", 1))}, want: "b"},
		"autoSelect of the version":        {request: Request{Version: "1"}, have: list{cluster("a", manual, also("2", 1))}, reason: v1beta1.FailureNoSupportingRuntime},
		"a named one needs the version":    {request: Request{Named: "a", Version: "2"}, have: list{cluster("a")}, reason: v1beta1.FailureNoSupportingRuntime},
		"disabled whatever it serves":      {request: Request{Named: "a", Format: "dog"}, have: list{cluster("a", disabled)}, reason: v1beta1.FailureRuntimeDisabled},
		"several nodes":                    {request: Request{Workers: true}, have: list{cluster("a", priorityOf(9)), cluster("b", workers)}, want: "b"},
		"one node":                         {have: list{cluster("a"), cluster("b", workers, priorityOf(9))}, want: "a"},
		"one node by name":                 {request: Request{Named: "b"}, have: list{cluster("b", workers)}, want: "b"},
		"several nodes by name":            {request: Request{Named: "a", Workers: true}, have: list{cluster("a")}, reason: v1beta1.FailureNoSupportingRuntime},
		"one that is recorded is kept":     {request: Request{Recorded: Recorded{"a", true}}, have: list{cluster("a"), cluster("z", bundled)}, want: "a"},
		"for another of more priority":     {request: Request{Recorded: Recorded{"a", true}}, have: list{cluster("a"), cluster("b", priorityOf(1)), cluster("z", bundled)}, want: "b"},
		"not if it is the bundled one":     {request: Request{Recorded: Recorded{"z", true}}, have: list{cluster("a", priorityOf(1)), cluster("z", bundled)}, want: "z"},
		"nor if it fits no more":           {request: Request{Recorded: Recorded{"a", true}}, have: list{cluster("a", disabled), cluster("b"), cluster("z", bundled)}, want: "z"},
		"nor if it is gone":                {request: Request{Recorded: Recorded{"x", true}}, have: list{cluster("b"), cluster("z", bundled)}, want: "z"},
		"nor if it was of the namespace":   {request: Request{Recorded: Recorded{"a", false}}, have: list{cluster("a"), cluster("z", bundled)}, want: "z"},
		"a recorded one is no named one":   {request: Request{Named: "z", Recorded: Recorded{"a", true}}, have: list{cluster("a"), cluster("z", bundled)}, want: "z"},
		"the bundled one of several nodes": {request: Request{Workers: true}, have: list{cluster("a", workers), cluster("z", bundled)}, want: "a"},
		"workers need a worker spec":       {request: Request{Workers: true}, have: list{cluster("a")}, reason: v1beta1.FailureNoSupportingRuntime},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.request
			r.ClusterRuntimes = c.have
			if r.Format == "" {
				r.Format = "cat"
			}
			got, err := Choose(r)
			var refusal *Refusal
			switch {
			case c.reason != "":
				if !errors.As(err, &refusal) || refusal.Reason != c.reason {
					t.Fatalf("got %q, %v; want reason %s", got.Name, err, c.reason)
				}
			case err != nil || got.Name != c.want || !got.Cluster:
				t.Fatalf("got %q, %v; want %q", got.Name, err, c.want)
			}
		})
	}
}

func TestNamespaceRuntimesComeFirst(t *testing.T) {
	t.Parallel()
	own := v1alpha1.ServingRuntime{Spec: cluster("x").Spec}
	own.Name = "own"
	got, err := Choose(Request{
		Format: "cat", Runtimes: []v1alpha1.ServingRuntime{own},
		ClusterRuntimes: []v1alpha1.ClusterServingRuntime{cluster("z", bundled, priorityOf(9))},
	})
	if err != nil || got.Name != "own" || got.Cluster {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestAModelWithoutFormatIsToldTheFormats(t *testing.T) {
	t.Parallel()
	dog := cluster("b")
	dog.Spec.SupportedModelFormats[0].Name = "dog"
	have := []v1alpha1.ClusterServingRuntime{cluster("a"), dog, cluster("off", disabled)}
	for named, want := range map[string]string{"": "formats with a runtime are cat, dog", "b": `runtime "b" serves dog`} {
		_, err := Choose(Request{Named: named, ClusterRuntimes: have})
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Reason != v1beta1.FailureNoSupportingRuntime ||
			!strings.Contains(refusal.Message, want) || !strings.Contains(refusal.Message, "modelFormat.name") {
			t.Errorf("runtime %q: %v", named, err)
		}
	}
}

func TestRefusalNamesTheNearestMiss(t *testing.T) {
	t.Parallel()
	_, err := Choose(Request{Format: "cat", ClusterRuntimes: []v1alpha1.ClusterServingRuntime{cluster("a", speaks("v2"))}})
	if err == nil || !strings.Contains(err.Error(), "a: it speaks [v2], not v1") || !strings.Contains(err.Error(), "protocolVersion") {
		t.Fatalf("got %v", err)
	}
}

func TestMistypedFormatNamesTheNearestAndThoseThatRunHere(t *testing.T) {
	t.Parallel()
	dog := cluster("b")
	dog.Spec.SupportedModelFormats[0].Name = "tensorflow"
	have := []v1alpha1.ClusterServingRuntime{cluster("a"), dog}
	_, err := Choose(Request{Format: "tensorflwo", Here: []string{"cat"}, ClusterRuntimes: have})
	if err == nil || !strings.Contains(err.Error(), "did you mean tensorflow? served on this machine by itself: cat; other") {
		t.Errorf("got %v", err)
	}
	_, err = Choose(Request{Format: "quantum", ClusterRuntimes: have})
	if err == nil || strings.Contains(err.Error(), "did you mean") || !strings.Contains(err.Error(), "formats with a runtime are cat, tensorflow") {
		t.Errorf("got %v", err)
	}
}
