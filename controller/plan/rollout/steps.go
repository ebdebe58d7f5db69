package rollout

import "slices"

// stable decides about the spec's own template: who holds the traffic, and whether something runs beside it.
func (b *book) stable(w Wanted) {
	last, before := b.lastRolledOut()
	prior := b.prior()
	b.keepAsked(&w)
	digest := Digest(w.Template)
	latest := b.match(w, digest, prior)
	if latest == nil {
		latest = b.add(w, digest)
	}
	b.latest = latest
	latest.Asked = w.Asked

	if reference := b.reference(latest, prior, last, before); reference != nil {
		b.split(latest, reference, last)
		return
	}
	b.place(latest, prior, w.Track)
	if prior != nil && prior != latest && prior.Live {
		b.pending(latest, prior)
	} else {
		b.holdAlone(latest)
	}
	if b.holder == latest {
		latest.Track = w.Track
	}
}

// keepAsked gives w the template of the revision that was made of the same manifest and serves.
func (b *book) keepAsked(w *Wanted) {
	if w.Asked == "" {
		return
	}
	kept := b.live(func(rev *Revision) bool {
		return rev.Asked == w.Asked && rev.Track == w.Track && rev.Replaces == "" && b.health(rev).Available
	})
	if kept != nil {
		w.Template = kept.Template
	}
}

// match finds the revision that already runs a template: the stable one first, then the one under the track's own
// name, then any other that no canary of the spec claims.
func (b *book) match(w Wanted, digest string, prior *Revision) *Revision {
	if prior != nil && prior.Digest == digest && (prior.Track == w.Track || !b.claimed(prior)) {
		return prior
	}
	own := b.name(w.Track)
	found := b.live(func(rev *Revision) bool { return rev.Digest == digest && rev.Deployment == own && !b.claimed(rev) })
	if found != nil {
		return found
	}
	return b.live(func(rev *Revision) bool { return rev.Digest == digest && !b.claimed(rev) })
}

// claimed says that an entry of spec.canary runs under the revision's track.
func (b *book) claimed(rev *Revision) bool {
	return rev.Track != "" && slices.ContainsFunc(b.request.Canaries, func(c Wanted) bool { return c.Track == rev.Track })
}

// reference is the revision that canaryTrafficPercent keeps beside the latest, nil when there is none to split with. It is
// the one that holds the traffic. Where that is the latest itself, it is the last one rolled out, or the one before if the
// latest is that too (KServe's rollback). Where it only began to replace the last one rolled out, it is that one.
func (b *book) reference(latest, prior, last, before *Revision) *Revision {
	percent := b.request.Percent
	if percent == nil || *percent >= 100 || len(b.request.Canaries) > 0 {
		return nil
	}
	switch {
	case last == latest && (prior == nil || prior == latest):
		return before
	case prior == nil || prior == latest:
		return last
	case last != nil && last != latest && !last.Live && last.Deployment == prior.Deployment:
		return last
	case last == nil:
		return nil
	}
	return prior
}

// split runs latest beside reference by canaryTrafficPercent.
func (b *book) split(latest, reference, last *Revision) {
	percent := int32(max(*b.request.Percent, 0))
	if !reference.Live {
		b.restore(reference, last)
	}
	if !latest.Live {
		b.house(latest, latest.Name)
	}
	if !b.health(reference).Available && reference.Share == 0 && b.health(latest).Available {
		// The reference comes back and isn't up yet: the traffic stays where it is served.
		b.holder = latest
		b.run(latest, Holder, percent)
		b.run(reference, Previous, 100-percent)
		return
	}
	b.holder = reference
	b.run(reference, Holder, 100-percent)
	b.give(b.run(latest, Latest, percent), percent)
}

// restore runs a revision again that no Deployment carries.
func (b *book) restore(reference, last *Revision) {
	heir := b.live(func(rev *Revision) bool { return rev.Deployment == reference.Deployment })
	if heir != nil && heir != last {
		// A rolling update that was under way ends: the Deployment goes back to what it had, whose pods may still serve.
		b.takeOver(heir, reference)
		return
	}
	b.house(reference, reference.Deployment)
}

// place finds a Deployment for a latest that none carries. Within a track a change is a rolling update of the
// Deployment that holds the traffic; another track has a Deployment of its own.
func (b *book) place(latest, prior *Revision, track string) {
	switch {
	case latest.Live:
	case prior != nil && prior.Track == track:
		b.takeOver(prior, latest)
	default:
		b.house(latest, b.name(track))
	}
}

// pending lets latest, which has a Deployment of its own, follow prior as soon as it can carry everything.
func (b *book) pending(latest, prior *Revision) {
	health := b.health(latest)
	if b.complete(latest) || (health.Available && !b.health(prior).Available) {
		b.holdAlone(latest)
		return
	}
	b.holder = prior
	b.run(prior, Holder, 0)
	entry := b.run(latest, Latest, 100)
	if latest.Share > 0 {
		// What it had as a canary it keeps until it gets the rest.
		b.give(entry, latest.Share)
	}
}

// holdAlone gives latest everything.
func (b *book) holdAlone(latest *Revision) {
	b.holder = latest
	b.run(latest, Holder, 100)
	if b.complete(latest) {
		b.markRolledOut(latest)
	}
}

// canary decides about one entry of spec.canary.
func (b *book) canary(w Wanted) {
	b.keepAsked(&w)
	digest := Digest(w.Template)
	old := b.live(func(rev *Revision) bool { return rev.Track == w.Track && !b.runs(rev) })
	if w.Broken {
		if old != nil {
			b.give(b.run(old, Canary, w.Percent), w.Percent)
		}
		return
	}
	rev := old
	if old == nil || old.Digest != digest {
		rev = b.add(w, digest)
		if old != nil {
			b.takeOver(old, rev)
		} else {
			b.house(rev, b.name(w.Track))
		}
	}
	rev.Asked = w.Asked
	b.give(b.run(rev, Canary, w.Percent), w.Percent)
}

// give routes a share to a revision that is available; to any other it gives none.
func (b *book) give(e *running, share int32) {
	if b.health(e.revision).Available {
		e.weight, e.routed = share, true
	}
}

// freeze keeps what runs, with the shares that it has.
func (b *book) freeze() {
	holder := b.prior()
	if holder == nil {
		return
	}
	b.holder = holder
	b.run(holder, Holder, holder.Share)
	for _, rev := range b.revisions {
		if rev.Live && rev != holder {
			b.give(b.run(rev, Latest, rev.Share), rev.Share)
		}
	}
}
