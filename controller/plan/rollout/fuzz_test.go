package rollout

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// FuzzDecide lets a spec, its Deployments and the moments of planning change at random, and checks what holds in every decision.
func FuzzDecide(f *testing.F) {
	f.Add([]byte{0, 0, 9, 1, 9, 2, 30, 9, 3, 40, 9, 9})
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Add([]byte("promote, roll back, promote again, break, mend"))
	f.Add([]byte{200, 9, 9, 201, 9, 100, 9, 202, 9, 9, 50, 9, 203, 9, 9, 9})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 200 {
			return
		}
		w := world{t: t, health: map[string]Health{}}
		for _, step := range script {
			w.step(int(step))
		}
	})
}

type world struct {
	t         *testing.T
	request   Request
	health    map[string]Health
	revisions []Revision
	last      Decision
}

func (w *world) step(n int) {
	model, choice := n/8%4, n%8
	if w.request.Stable == nil {
		w.request.Stable = &Wanted{Template: template(model)}
	}
	switch choice {
	case 0:
		w.request.Stable = &Wanted{Track: w.request.Stable.Track, Template: template(model)}
	case 1:
		percent := int64([]int{0, 10, 50, 100}[model])
		w.request.Percent = &percent
	case 2:
		w.request.Percent = nil
	case 3:
		track := fmt.Sprintf("v%d", n/32%3)
		if track == w.request.Stable.Track {
			return // Two predictors of one name are refused before they get here.
		}
		w.request.Canaries = []Wanted{{Track: track, Template: template(model), Percent: int32(n/8*10) % 101}}
	case 4:
		w.request.Canaries = nil
	case 5:
		stable := *w.request.Stable
		stable.Track = []string{"", "v0", "v1", "v2"}[model]
		w.request.Stable = &stable
		w.request.Canaries = slices.DeleteFunc(slices.Clone(w.request.Canaries), func(c Wanted) bool { return c.Track == stable.Track })
	case 6:
		for i, c := range w.last.Carried {
			up := (n>>3+i)%3 != 0
			w.health[c.Revision.Deployment] = Health{Available: up, Updated: (n>>3+i)%4 != 1, Complete: up && (n>>3+i)%2 == 0}
		}
	case 7:
		for _, c := range w.last.Carried {
			w.health[c.Revision.Deployment] = Health{Available: true, Updated: true, Complete: true}
		}
	}
	w.decide()
}

func (w *world) decide() {
	w.t.Helper()
	w.request.Service, w.request.Component = "m", "predictor"
	w.request.Revisions, w.request.Health = w.revisions, w.health
	d := Decide(w.request)
	if diff := cmp.Diff(d, Decide(w.request)); diff != "" {
		w.t.Fatalf("two decisions on one request differ:\n%s", diff)
	}
	w.checkNames(d)
	w.checkShares(d)
	w.checkPods(d)
	w.revisions, w.last = d.Revisions, d
}

func (w *world) checkNames(d Decision) {
	deployments, services, seen := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range d.Carried {
		if c.Revision.Deployment == "" || deployments[c.Revision.Deployment] || services[c.Service] || seen[c.Revision.Name] {
			w.t.Fatalf("a name stands twice or is empty: %+v", summary(d))
		}
		deployments[c.Revision.Deployment], services[c.Service], seen[c.Revision.Name] = true, true, true
	}
	if w.request.Stable != nil && len(d.Carried) == 0 {
		w.t.Fatal("a spec is asked for and nothing runs")
	}
}

func (w *world) checkShares(d Decision) {
	sum := int32(0)
	for i, c := range d.Carried {
		sum += c.Weight
		if (i == 0) != (c.Role == Holder) {
			w.t.Fatalf("the holder is not the first: %+v", summary(d))
		}
		if c.Weight < 0 || (!c.Routed && c.Weight != 0) {
			w.t.Fatalf("weight without a route: %+v", summary(d))
		}
		if c.Role != Holder && c.Weight > 0 && !c.Health.Available {
			w.t.Fatalf("a share before readiness: %+v", summary(d))
		}
	}
	if len(d.Carried) > 0 && sum != 100 {
		w.t.Fatalf("shares add up to %d: %+v", sum, summary(d))
	}
	w.checkHolder(d)
	w.checkReplaced(d)
}

// checkReplaced sees that a rolling update names a revision that was in the same Deployment and isn't carried any more.
func (w *world) checkReplaced(d Decision) {
	for _, c := range d.Carried {
		if c.Revision.Replaces == "" {
			continue
		}
		i := slices.IndexFunc(d.Revisions, func(r Revision) bool { return r.Name == c.Revision.Replaces })
		if i >= 0 && (d.Revisions[i].Live || d.Revisions[i].Deployment != c.Revision.Deployment) {
			w.t.Fatalf("%s replaces %+v: %+v", c.Revision.Name, d.Revisions[i], summary(d))
		}
	}
}

// checkHolder sees that the stable share moves only to a revision that serves, unless nothing served before.
func (w *world) checkHolder(d Decision) {
	if len(d.Carried) == 0 || len(w.last.Carried) == 0 {
		return
	}
	now, before := d.Carried[0], w.last.Carried[0]
	if now.Revision.Deployment == before.Revision.Deployment || now.Health.Available {
		return
	}
	if w.health[before.Revision.Deployment].Available {
		w.t.Fatalf("the traffic moved from %s, which serves, to %s, which doesn't:\nbefore %+v\nafter  %+v",
			before.Revision.Deployment, now.Revision.Deployment, summary(w.last), summary(d))
	}
}

// checkPods sees that a Deployment that carries a revision on goes on with its template.
func (w *world) checkPods(d Decision) {
	for _, now := range d.Carried {
		for _, before := range w.last.Carried {
			if now.Revision.Name != before.Revision.Name {
				continue
			}
			if diff := cmp.Diff(before.Revision.Template, now.Revision.Template); diff != "" {
				w.t.Fatalf("revision %s changed:\n%s", now.Revision.Name, diff)
			}
		}
	}
}

func summary(d Decision) []string {
	var out []string
	for _, c := range d.Carried {
		out = append(out, fmt.Sprintf("%s(%s) in %s by %s: %s %d%% available=%v",
			c.Revision.Name, c.Revision.Track, c.Revision.Deployment, c.Service, c.Role, c.Weight, c.Health.Available))
	}
	return out
}

func template(model int) corev1.PodTemplateSpec {
	var t corev1.PodTemplateSpec
	t.Spec.Containers = []corev1.Container{{Name: "c", Image: fmt.Sprintf("model%d", model)}}
	return t
}
