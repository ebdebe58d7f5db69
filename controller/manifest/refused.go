package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/nearest"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
)

var (
	// policyKind finds where a file's text may begin an AccessPolicy, in YAML or JSON.
	policyKind = regexp.MustCompile(`\bkind["']?\s*:\s*["']?AccessPolicy\b`)
	// beforeKey is what stands before a key of YAML in its line: nothing but a list's dash, or, in the flow style, something
	// that ends in a bracket or a comma and begins no comment.
	beforeKey = regexp.MustCompile(`^(?:[ \t\x{FEFF}?-]*|(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s#]#+|[^#])*[{,]\s*)["']?$`)
)

// namesPolicies says whether a file's text begins more than so many AccessPolicies.
func namesPolicies(data []byte, more int) bool {
	text := bytes.TrimSpace(data)
	isJSON := len(text) > 0 && (text[0] == '{' || text[0] == '[')
	for _, at := range policyKind.FindAllIndex(data, -1) {
		line := data[bytes.LastIndexByte(data[:at[0]], '\n')+1 : at[0]]
		if isJSON || beforeKey.Match(line) {
			more--
		}
		if more < 0 {
			return true
		}
	}
	return false
}

// Unread gives what stands in for the AccessPolicies of a file or a directory that can't be read at all: it closes
// everything, since what they are about can't be told.
func Unread(path string) Document {
	return *refusedDocument(newStandIn("", "unreadable-"+strings.ToLower(filepath.Base(path))), Source{path, 0})
}

// standIn gives, for an AccessPolicy that is refused, one that names the same targets and can't be enforced. To leave it
// out would open what it was to close. It is nil for every other kind.
func (d *reading) standIn() *Document {
	if kind := d.root.text("kind"); kind != sluicev1alpha1.KindAccessPolicy && nearest.Name(kind, Kinds()) != sluicev1alpha1.KindAccessPolicy {
		return nil
	}
	policy := newStandIn(d.root.text("metadata", "namespace"), d.root.text("metadata", "name"))
	if policy.Namespace == "" {
		policy.Namespace = DefaultNamespace
	}
	if policy.Name == "" {
		policy.Name = fmt.Sprintf("line-%d", d.root.line)
	}
	if spec := d.root.get("spec"); spec != nil {
		if refs := spec.value.get("targetRefs"); refs != nil {
			for _, ref := range refs.value.items {
				policy.Spec.TargetRefs = append(policy.Spec.TargetRefs, gatewayv1.LocalPolicyTargetReference{
					Group: gatewayv1.Group(ref.text("group")), Kind: gatewayv1.Kind(ref.text("kind")), Name: gatewayv1.ObjectName(ref.text("name")),
				})
			}
		}
	}
	return refusedDocument(policy, Source{d.file, d.root.line})
}

// closeUnread adds a stand-in for the AccessPolicies that a file's text has and its reading has not, because the file, or
// a document of it, is no YAML. What they are about can't be told, so that it is about everything.
func (p *parser) closeUnread(data []byte) {
	if p.faulty && namesPolicies(data, p.policies) {
		p.documents = append(p.documents, Unread(p.file))
	}
}

func newStandIn(namespace, name string) *sluicev1alpha1.AccessPolicy {
	return &sluicev1alpha1.AccessPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: sluicev1alpha1.GroupVersion.String(), Kind: sluicev1alpha1.KindAccessPolicy},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
	}
}

func refusedDocument(policy *sluicev1alpha1.AccessPolicy, source Source) *Document {
	digest := sha256.Sum256(fmt.Appendf(nil, "refused %v", policy.Spec.TargetRefs))
	return &Document{Object: policy, Source: source, Digest: hex.EncodeToString(digest[:]), Refused: true}
}
