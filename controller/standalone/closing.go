package standalone

import (
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

// apply puts the stand-ins into force where no last good version is. One for what can't be read of a file is not needed
// where a policy that stood in the file is kept; one whose name another policy has gets a name of its own.
func (c *closing) apply(after inventory) {
	for _, document := range c.refused {
		key := keyOfObject(document.Object)
		if c.kept[key] || key.namespace == "" && c.keptFiles[document.Source.File] {
			continue
		}
		for {
			if _, taken := after[key]; !taken {
				break
			}
			key.name += "-again"
			policy := document.Object.(*sluicev1alpha1.AccessPolicy).DeepCopy() //nolint:forcetypeassert // add takes no other
			policy.Name = key.name
			document.Object = policy
		}
		after[key] = document
	}
}
