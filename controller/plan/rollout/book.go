package rollout

import (
	"cmp"
	"fmt"
	"slices"
)

// keptRevisions is how many revisions that no longer run stay for a rollback, as many as KServe's Deployments keep.
const keptRevisions = 10

// book is the state of one decision. Its revisions are copies, so that nothing of the request changes.
type book struct {
	request   Request
	revisions []*Revision // by Number
	running   []*running
	latest    *Revision
	holder    *Revision
}

// running is a revision that this decision lets run.
type running struct {
	revision *Revision
	role     Role
	wanted   int32
	weight   int32
	routed   bool
}

func openBook(r Request) *book {
	b := &book{request: r}
	for _, rev := range r.Revisions {
		b.revisions = append(b.revisions, &rev)
	}
	slices.SortFunc(b.revisions, func(x, y *Revision) int {
		return cmp.Or(cmp.Compare(x.Number, y.Number), cmp.Compare(x.Name, y.Name))
	})
	return b
}

// lastRolledOut gives the newest two that had all the traffic, nil where there are none.
func (b *book) lastRolledOut() (last, before *Revision) {
	for _, rev := range b.revisions {
		switch {
		case rev.RolledOut == 0:
		case last == nil || rev.RolledOut > last.RolledOut:
			last, before = rev, last
		case before == nil || rev.RolledOut > before.RolledOut:
			before = rev
		}
	}
	return last, before
}

// prior is the revision that held the stable share so far, nil if there is none.
func (b *book) prior() *Revision {
	return b.live(func(rev *Revision) bool { return rev.Holds })
}

// live finds the first live revision that fits.
func (b *book) live(fits func(*Revision) bool) *Revision {
	for _, rev := range b.revisions {
		if rev.Live && fits(rev) {
			return rev
		}
	}
	return nil
}

// add makes a new revision that no Deployment carries yet.
func (b *book) add(w Wanted, digest string) *Revision {
	number := int64(1)
	if n := len(b.revisions); n > 0 {
		number = b.revisions[n-1].Number + 1
	}
	rev := &Revision{
		Name:     fmt.Sprintf("%s-%s-%05d", b.request.Service, b.request.Component, number),
		Number:   number,
		Digest:   digest,
		Track:    w.Track,
		Template: w.Template,
	}
	b.revisions = append(b.revisions, rev)
	return rev
}

// takeOver lets a Deployment carry rev in place of old: a rolling update.
func (b *book) takeOver(old, rev *Revision) {
	rev.Deployment = old.Deployment
	rev.Live = true
	rev.Share, rev.Holds = old.Share, old.Holds
	switch {
	case !b.health(old).Available:
		rev.Replaces = "" // nothing serves there
	case old.Replaces != "" && !b.updated(old):
		rev.Replaces = old.Replaces // old never served alone: what it was to replace still does
	default:
		rev.Replaces = old.Name
	}
	if rev.Replaces == rev.Name {
		rev.Replaces = ""
	}
	old.Live, old.Share, old.Holds, old.Replaces = false, 0, false, ""
}

// house gives rev a Deployment of its own: the preferred name, else its own, else that with a number. Even its own name
// may be taken: a promoted revision's Deployment goes on under it with the revisions that follow.
func (b *book) house(rev *Revision, preferred string) {
	name := preferred
	for n := 1; b.taken(rev, name); n++ {
		name = rev.Name
		if n > 1 {
			name = fmt.Sprintf("%s-%d", rev.Name, n)
		}
	}
	rev.Deployment = name
	rev.Live = true
}

func (b *book) taken(by *Revision, name string) bool {
	return b.live(func(other *Revision) bool { return other != by && other.Deployment == name }) != nil
}

func (b *book) name(track string) string {
	return Name(b.request.Service, track, b.request.Component)
}

func (b *book) health(rev *Revision) Health { return b.request.Health[rev.Deployment] }

// carriedBefore says that the Deployment carried rev after the last decision, so that its health speaks of rev.
func (b *book) carriedBefore(rev *Revision) bool {
	return slices.ContainsFunc(b.request.Revisions, func(old Revision) bool {
		return old.Name == rev.Name && old.Live && old.Deployment == rev.Deployment
	})
}

// complete says that rev is wholly rolled out in its Deployment.
func (b *book) complete(rev *Revision) bool {
	return b.carriedBefore(rev) && b.health(rev).Complete
}

// updated says that nothing but rev runs in its Deployment.
func (b *book) updated(rev *Revision) bool {
	return b.carriedBefore(rev) && b.health(rev).Updated
}

func (b *book) run(rev *Revision, role Role, wanted int32) *running {
	entry := &running{revision: rev, role: role, wanted: wanted}
	b.running = append(b.running, entry)
	return entry
}

func (b *book) runs(rev *Revision) bool {
	return slices.ContainsFunc(b.running, func(e *running) bool { return e.revision == rev })
}

func (b *book) markRolledOut(rev *Revision) {
	last, _ := b.lastRolledOut()
	switch {
	case last == nil:
		rev.RolledOut = 1
	case last != rev:
		rev.RolledOut = last.RolledOut + 1
	}
}

// close settles weights and what is stored.
func (b *book) close() Decision {
	b.settleHolder()
	for _, rev := range b.revisions {
		rev.Holds = rev == b.holder
		if !b.runs(rev) {
			rev.Live, rev.Share = false, 0
		}
		if !rev.Live || b.updated(rev) {
			rev.Replaces = ""
		}
	}
	for _, rev := range b.revisions {
		// One that moved to a Deployment of its own is spoken of there.
		if rev.Replaces != "" && b.live(func(other *Revision) bool { return other.Name == rev.Replaces }) != nil {
			rev.Replaces = ""
		}
	}
	var d Decision
	used := map[string]bool{}
	for _, e := range b.running {
		service := b.service(e)
		if used[service] {
			service = e.revision.Name
		}
		used[service] = true
		e.revision.Share = e.weight
		d.Carried = append(d.Carried, Carried{
			Revision: *e.revision, Role: e.role, Service: service, Health: b.health(e.revision),
			Wanted: e.wanted, Weight: e.weight, Routed: e.routed,
		})
	}
	if b.latest != nil {
		d.Latest = b.latest.Name
	}
	last, before := b.lastRolledOut()
	if last != nil {
		d.LastRolledOut = last.Name
	}
	if before != nil {
		d.BeforeThat = before.Name
	}
	d.Revisions = b.kept(last, before)
	return d
}

// settleHolder gives the holder what the others leave. Where canaries leave less than a latest had kept, that gives way.
func (b *book) settleHolder() {
	rest := int32(100)
	for _, e := range b.running {
		if e.role != Holder {
			rest -= e.weight
		}
	}
	for _, e := range b.running {
		if e.role == Latest && rest < 0 {
			given := min(e.weight, -rest)
			e.weight -= given
			rest += given
		}
	}
	for _, e := range b.running {
		if e.role == Holder {
			e.weight, e.routed = max(rest, 0), true
		}
	}
}

// service names the Service of a running revision: the holder has its track's, as canaries have theirs.
func (b *book) service(e *running) string {
	sameTrack := b.holder != nil && e.revision.Track == b.holder.Track
	if e.role == Holder || !sameTrack {
		return b.name(e.revision.Track)
	}
	return e.revision.Name
}

// kept drops the oldest revisions that neither run nor can be rolled back to.
func (b *book) kept(last, before *Revision) []Revision {
	var out []Revision
	spare := keptRevisions
	for _, rev := range slices.Backward(b.revisions) {
		switch {
		case rev.Live || rev == last || rev == before:
		case spare > 0:
			spare--
		default:
			continue
		}
		out = append(out, *rev)
	}
	slices.Reverse(out)
	return out
}
