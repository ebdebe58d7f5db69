package server

import (
	"slices"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// A resource that came from several objects and is refused is taken apart: each object's share is published by itself
// for a moment, as a resource that no request reaches, and Envoy says of each what it thinks. Meanwhile clients keep
// what they have, so that nobody's requests are tried on. Those refused are left out until they change.

// beginTrials publishes the shares of e's wanted content one by one.
func (c *catalog) beginTrials(e *entry) {
	e.trials = make(map[ir.Ref]envoy.Key, len(e.wanted.Objects))
	for _, object := range e.wanted.Objects {
		share := e.wanted.Shares.Alone(object)
		c.add(share, e)
		e.trials[object] = share.Key()
	}
}

// endTrials takes the trials away, answered or not.
func (c *catalog) endTrials(e *entry) {
	for _, key := range e.trials {
		delete(c.entries[key.TypeURL], key.Name)
		c.touch(key)
	}
	e.trials = nil
}

// conclude does nothing until Envoy has answered every trial of e. Then it leaves the refused shares out.
func (c *catalog) conclude(e *entry) {
	refused := make(map[ir.Ref]refusal)
	for object, key := range e.trials {
		trial := c.at(key)
		switch {
		case trial.rejected != nil:
			refused[object] = refusal{version: trial.wanted.Version, rejection: e.because(*trial.rejected)}
		case !trial.wanted.accepted:
			return
		}
	}
	c.endTrials(e)
	if len(refused) == 0 {
		// Each is good alone: what is wrong is wrong with all of them together.
		c.news = append(c.news, e.refusal())
		c.touch(e.published.Key())
		return
	}
	if e.aside == nil {
		e.aside = make(map[ir.Ref]refusal, len(refused))
	}
	for object, r := range refused {
		e.aside[object] = r
		c.news = append(c.news, r.rejection)
	}
	e.explained = true
	if len(e.aside) < len(e.published.Objects) && !e.goodSuffices() {
		e.want(e.remaining())
	}
	c.touch(e.published.Key())
}

// because makes the rejection of a share one of e's.
func (e *entry) because(r Rejection) Rejection {
	r.TypeURL, r.Name, r.Version = e.published.TypeURL, e.published.Name, e.published.Version
	return r
}

// goodSuffices says whether the content accepted before differs from the published one in the shares set aside only.
// Then it stays, the old versions of those included, unless these have other guards: nobody else waits for anything.
func (e *entry) goodSuffices() bool {
	return e.good != nil && e.good.Guards.Same(e.published.Guards) && e.good.Shares != nil && e.good.Shares.Without(e.isAside).Version == e.remaining().Version
}

func (e *entry) isAside(object ir.Ref) bool {
	_, ok := e.aside[object]
	return ok
}

// remaining is the published content less the shares set aside.
func (e *entry) remaining() envoy.Resource {
	if len(e.aside) == 0 {
		return e.published
	}
	return e.published.Shares.Without(e.isAside)
}

// keepAside keeps those set aside whose shares are in the published content as they were refused, and no others. If
// that is all of them, none is: the content as a whole is then to be refused, so that the one accepted before stays.
func (e *entry) keepAside() {
	for object, r := range e.aside {
		if e.published.Shares == nil || !slices.Contains(e.published.Objects, object) ||
			e.published.Shares.Alone(object).Version != r.version {
			delete(e.aside, object)
		}
	}
	if len(e.aside) == len(e.published.Objects) {
		e.aside = nil
	}
}
