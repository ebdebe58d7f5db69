package engine

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestChangesAreTheDeploymentsWithNews(t *testing.T) {
	t.Parallel()
	p := newPublication(Options{})
	name := func(s string) types.NamespacedName { return types.NamespacedName{Namespace: "default", Name: s} }
	for _, n := range []string{"a", "b", "c"} {
		p.set(name(n), deploymentSnapshot{pods: []Pod{{Name: n + "-2"}, {Name: n + "-1"}}, status: appsv1.DeploymentStatus{Replicas: 2}})
	}
	if got := p.take(); len(got) != 3 || got[0].Status.Replicas != 2 || got[0].Pods[1].Name < got[0].Pods[0].Name {
		t.Errorf("the first look gives %+v", got)
	}
	if got := p.take(); len(got) != 0 {
		t.Errorf("nothing has changed, and %+v is given", got)
	}
	p.set(name("b"), deploymentSnapshot{pods: []Pod{{Name: "b-1"}}})
	p.set(name("b"), deploymentSnapshot{pods: []Pod{{Name: "b-1", Ready: true}}})
	p.remove(name("c"))
	got := p.take()
	slices.SortFunc(got, func(a, b Change) int { return len(b.Pods) - len(a.Pods) })
	if len(got) != 2 || got[0].Deployment != name("b") || !got[0].Pods[0].Ready || got[1].Deployment != name("c") || len(got[1].Pods) != 0 {
		t.Errorf("want b ready and c gone, got %+v", got)
	}
}
