package standalone

import (
	"maps"
	"slices"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/manifest"
)

// closing gathers the AccessPolicies of a reading that are not in force as they are written, so that what they were to
// close is closed all the same.
type closing struct {
	refused []manifest.Document
	// kept are the policies, and the files, of which a last good version is in force.
	kept      map[objectKey]bool
	keptFiles map[string]bool
}

// add takes a document that is refused; only AccessPolicies matter.
func (c *closing) add(document manifest.Document) {
	policy, ok := document.Object.(*sluicev1alpha1.AccessPolicy)
	if !ok {
		return
	}
	if !document.Refused {
		policy = policy.DeepCopy()
		policy.Spec = sluicev1alpha1.AccessPolicySpec{TargetRefs: policy.Spec.TargetRefs}
		document.Object, document.Refused, document.Digest = policy, true, "refused "+document.Digest
	}
	c.refused = append(c.refused, document)
}

// keep notes an object of which the last good version stays in force.
func (c *closing) keep(key objectKey, document manifest.Document) {
	if key.kind != sluicev1alpha1.KindAccessPolicy {
		return
	}
	if c.kept == nil {
		c.kept, c.keptFiles = map[objectKey]bool{}, map[string]bool{}
	}
	c.kept[key], c.keptFiles[document.Source.File] = true, true
}

// standIns gives the stand-ins for where no last good version is in force, beside the objects that are. One for what can't
// be read of a file is not needed where a policy that stood in the file is kept; one whose name another policy has gets a
// name of its own.
func (c *closing) standIns(objects map[objectKey]manifest.Document) map[objectKey]manifest.Document {
	found := map[objectKey]manifest.Document{}
	for _, document := range c.refused {
		key := keyOfObject(document.Object)
		if c.kept[key] || key.namespace == "" && c.keptFiles[document.Source.File] {
			continue
		}
		for {
			_, inForce := objects[key]
			_, taken := found[key]
			if !inForce && !taken {
				break
			}
			key.name += "-again"
			policy := document.Object.(*sluicev1alpha1.AccessPolicy).DeepCopy() //nolint:forcetypeassert // add takes no other
			policy.Name = key.name
			document.Object = policy
		}
		found[key] = document
	}
	return found
}

// close brings the stand-ins to the policies that the files hold, and gives those that are others than before. It looks
// at all files with policies, and at no others.
func (v *inventory) close() []objectKey {
	var c closing
	for _, path := range slices.Sorted(maps.Keys(v.policyFiles)) {
		for _, document := range v.files[path].documents {
			key := keyOfObject(document.Object)
			if document.Refused || key.kind == sluicev1alpha1.KindAccessPolicy && v.objects[key].Source != document.Source {
				c.add(document)
			}
		}
	}
	for key := range v.orphans {
		c.keep(key, v.objects[key])
	}
	before := v.standIns
	v.standIns = c.standIns(v.objects)
	var changed []objectKey
	for key, now := range v.standIns {
		if old, known := before[key]; !known || old.Digest != now.Digest || old.Source != now.Source {
			changed = append(changed, key)
		}
	}
	for key := range before {
		if _, stays := v.standIns[key]; !stays {
			changed = append(changed, key)
		}
	}
	return changed
}
