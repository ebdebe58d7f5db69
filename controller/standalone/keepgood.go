package standalone

import (
	"fmt"
	"path/filepath"
	"slices"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/manifest"
)

// goodKeeper has the text of every manifest that is wholly right stored, and knows what is.
type goodKeeper struct {
	store goodStore
	// kept is what the store has, by its files' names.
	kept map[string]keptText
	// due are the paths of the manifests that may be others than what is stored.
	due map[string]bool
	// unkept says why a manifest's text could not be stored, and unread why what is stored of a broken one can't be used.
	unkept, unread map[string]error
}

// keptText is what is known of a text that is stored: its digest and those of the AccessPolicies in it.
type keptText struct {
	digest   string
	policies []string
}

func newGoodKeeper(dir string) *goodKeeper {
	return &goodKeeper{
		store: goodStore{dir}, kept: map[string]keptText{}, due: map[string]bool{}, unkept: map[string]error{}, unread: map[string]error{},
	}
}

func (t goodText) kept() keptText { return keptText{digestOf(t.text), t.policies} }

// policyDigests are those of the AccessPolicies that are right.
func policyDigests(documents []manifest.Document) []string {
	var digests []string
	for _, document := range documents {
		if kindOf(document.Object) == sluicev1alpha1.KindAccessPolicy && !document.Refused {
			digests = append(digests, document.Digest)
		}
	}
	return digests
}

// lacks says whether a policy that is right stands in a file and not in its stored text. Without the text nothing is known
// of the file at a start, and what can't be read closes; with it the policy would be missing and nobody would tell.
func (t keptText) lacks(documents []manifest.Document) bool {
	return slices.ContainsFunc(policyDigests(documents), func(digest string) bool { return !slices.Contains(t.policies, digest) })
}

// keepGood brings what is stored to what the manifests hold. It comes after the publication, which it would only hold up.
func (l *loop) keepGood() {
	for path := range l.good.due {
		before := l.good.unkept[path]
		err := l.keep(path)
		if (err == nil) != (before == nil) {
			l.troubled[problemPlace{file: path}] = true
		}
		if err == nil {
			delete(l.good.due, path)
			delete(l.good.unkept, path)
			continue
		}
		if before == nil {
			l.logger.Error("manifest not kept for a start at which it is broken", "file", path, "error", err)
		}
		l.good.unkept[path] = err
	}
}

// keep brings what is stored of one manifest to what it holds.
func (l *loop) keep(path string) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	name := goodName(absolute)
	kept, stored := l.good.kept[name]
	file, present := l.inventory.files[path]
	switch {
	case !present && l.inventory.broken(path):
		return nil // It may stand in a directory that can't be read.
	case present && len(file.problems) > 0 && !kept.lacks(file.documents):
		return nil
	case present && file.keepable:
		return l.good.save(file, absolute)
	case !stored:
		return nil
	}
	if err := l.good.store.remove(name); err != nil {
		return err
	}
	delete(l.good.kept, name)
	return nil
}

// save stores the text of a file that is wholly right, where it isn't stored already.
func (k *goodKeeper) save(file *fileReading, absolute string) error {
	delete(k.unread, file.path)
	if file.text == nil {
		return nil
	}
	name, now := goodName(absolute), goodText{path: absolute, text: file.text, policies: policyDigests(file.documents)}
	if before, stored := k.kept[name]; !stored || before.digest != digestOf(now.text) {
		delete(k.kept, name)
		if err := k.store.save(now); err != nil {
			return err
		}
		k.kept[name] = now.kept()
	}
	file.text = nil
	return nil
}

// keepAgain tries anew what could not be stored, and says whether any of it now was.
func (l *loop) keepAgain() bool {
	before := len(l.good.unkept)
	l.keepGood()
	return len(l.good.unkept) < before
}

// problems are what is wrong with what is stored of a manifest.
func (k *goodKeeper) problems(path string) []manifest.Problem {
	var problems []manifest.Problem
	add := func(message, remedy string) {
		problems = append(problems, manifest.Problem{Source: manifest.Source{File: path}, Message: message, Remedy: remedy})
	}
	if err := k.unkept[path]; err != nil {
		add(fmt.Sprintf("it can't be kept, so that nothing would serve by it after a restart of sluice at which it is broken: %v", err),
			"free some space below "+k.store.dir+"; it is tried again every few seconds, and what stands in the file serves meanwhile")
	}
	if err := k.unread[path]; err != nil {
		add(fmt.Sprintf("its last good version can't be read: %v", err), "mend the manifest; until then nothing serves by it")
	}
	return problems
}
