package plan

import (
	"encoding/json"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/rollout"
)

// Annotations of a ControllerRevision: what the next plan has to know of a revision beside its template.
const (
	// AnnotationTrack is the predictor.name or canary name that the revision runs under.
	AnnotationTrack = "sluice.dev/track"
	// AnnotationDeployment is the Deployment that carries the revision, or last did.
	AnnotationDeployment = "sluice.dev/deployment"
	// AnnotationLive is "true" while that Deployment carries it.
	AnnotationLive = "sluice.dev/live"
	// AnnotationHolder is "true" for the revision that has the stable share.
	AnnotationHolder = "sluice.dev/holder"
	// AnnotationRolledOut orders the revisions that have had all the traffic; absent for one that never had.
	AnnotationRolledOut = "sluice.dev/rolled-out"
	// AnnotationReplaces is there during a rolling update: the revision whose replicas have the Deployment's share of the
	// traffic until every replica is of the newer one.
	AnnotationReplaces = "sluice.dev/replaces"
	// AnnotationShare is the percentage of the traffic that the revision's Deployment has.
	AnnotationShare = "sluice.dev/share"
	// AnnotationAsked identifies what the manifest said, for a service whose pods an edit of the runtime leaves alone.
	AnnotationAsked = "sluice.dev/asked"
	// AnnotationDigest identifies the template.
	AnnotationDigest = "sluice.dev/digest"
)

// revisionData is a ControllerRevision's data: the pod template as it was rendered, without what follows from the Deployment.
type revisionData struct {
	Template corev1.PodTemplateSpec `json:"template"`
}

// storedRevisions writes a decision's revisions down.
func (s *scene) storedRevisions(p part) []appsv1.ControllerRevision {
	var out []appsv1.ControllerRevision
	for _, r := range p.decision.Revisions {
		data, err := json.Marshal(revisionData{Template: r.Template})
		if err != nil {
			continue // A template that came from JSON goes back to it.
		}
		out = append(out, appsv1.ControllerRevision{
			TypeMeta: metav1.TypeMeta{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "ControllerRevision"},
			ObjectMeta: metav1.ObjectMeta{
				Name:      r.Name,
				Namespace: s.service.Namespace,
				Labels: map[string]string{
					v1beta1.LabelInferenceService: s.service.Name,
					v1beta1.LabelComponent:        string(p.kind),
				},
				Annotations:     annotate(r),
				OwnerReferences: s.owner(),
			},
			Revision: r.Number,
			Data:     runtime.RawExtension{Raw: data},
		})
	}
	return out
}

func annotate(r rollout.Revision) map[string]string {
	out := map[string]string{
		AnnotationDeployment: r.Deployment,
		AnnotationLive:       strconv.FormatBool(r.Live),
		AnnotationShare:      strconv.FormatInt(int64(r.Share), 10),
		AnnotationDigest:     r.Digest,
	}
	if r.Holds {
		out[AnnotationHolder] = "true"
	}
	if r.Track != "" {
		out[AnnotationTrack] = r.Track
	}
	if r.Asked != "" {
		out[AnnotationAsked] = r.Asked
	}
	if r.Replaces != "" {
		out[AnnotationReplaces] = r.Replaces
	}
	if r.RolledOut > 0 {
		out[AnnotationRolledOut] = strconv.FormatInt(r.RolledOut, 10)
	}
	return out
}

// loadRevisions reads back the revisions of one component. What can't be read is left out: the plan then begins anew for it.
func (s *scene) loadRevisions(kind v1beta1.ComponentType) []rollout.Revision {
	var out []rollout.Revision
	for _, stored := range s.Revisions {
		if stored.Labels[v1beta1.LabelInferenceService] != s.service.Name || stored.Labels[v1beta1.LabelComponent] != string(kind) {
			continue
		}
		var data revisionData
		if err := json.Unmarshal(stored.Data.Raw, &data); err != nil || stored.Revision < 1 || stored.Annotations[AnnotationDeployment] == "" {
			continue
		}
		r := rollout.Revision{
			Name:       stored.Name,
			Number:     stored.Revision,
			Digest:     stored.Annotations[AnnotationDigest],
			Track:      stored.Annotations[AnnotationTrack],
			Deployment: stored.Annotations[AnnotationDeployment],
			Live:       stored.Annotations[AnnotationLive] == "true",
			Holds:      stored.Annotations[AnnotationHolder] == "true",
			RolledOut:  number(stored.Annotations[AnnotationRolledOut]),
			Share:      int32(min(number(stored.Annotations[AnnotationShare]), 100)),
			Asked:      stored.Annotations[AnnotationAsked],
			Replaces:   stored.Annotations[AnnotationReplaces],
			Template:   data.Template,
		}
		out = append(out, r)
	}
	return out
}

// number reads a count; text that is none counts as 0.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
