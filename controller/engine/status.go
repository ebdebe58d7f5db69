package engine

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Reasons of a Deployment's conditions, as Kubernetes' deployment controller spells them.
const (
	reasonAvailable        = "MinimumReplicasAvailable"
	reasonUnavailable      = "MinimumReplicasUnavailable"
	reasonUpdated          = "ReplicaSetUpdated"
	reasonComplete         = "NewReplicaSetAvailable"
	reasonDeadlineExceeded = "ProgressDeadlineExceeded"
	reasonPaused           = "DeploymentPaused"
)

// progress is when a rollout last moved.
type progress struct {
	// since is the time of the last movement.
	since time.Time
	// figures are what is compared to see a movement.
	figures figures
	// complete stays true after a rollout has once been complete: pods that fail later are not a rollout's lack of progress.
	complete bool
}

// figures count a Deployment's pods. Terminating ones count only as leaving.
type figures struct {
	hash                                           string
	total, updated, ready, available, old, leaving int
	updatedAvailable                               int
}

func count(t target, pods []replica, now time.Time) figures {
	f := figures{hash: t.hash}
	for _, p := range pods {
		if p.terminating {
			f.leaving++
			continue
		}
		f.total++
		available := p.available(t, now)
		if !p.readySince.IsZero() {
			f.ready++
		}
		if available {
			f.available++
		}
		if p.hash != t.hash || t.held {
			f.old++
			continue
		}
		f.updated++
		if available {
			f.updatedAvailable++
		}
	}
	return f
}

func (f figures) complete(t target) bool {
	return f.updated == t.replicas && f.updatedAvailable >= t.replicas && f.old == 0
}

// advance notes a movement, and gives the time at which a rollout that does not move any more has exceeded its deadline;
// zero when it is complete, or paused: the time starts anew when it goes on.
func (p progress) advance(t target, f figures, now time.Time) (progress, time.Time) {
	if p.figures != f {
		moved := p.figures.hash != f.hash || f.updated > p.figures.updated || f.old < p.figures.old ||
			f.ready > p.figures.ready || f.available > p.figures.available
		p.complete = p.complete && p.figures.hash == f.hash
		p.figures = f
		if moved {
			p.since = now
		}
	}
	if t.paused {
		return progress{since: now, figures: f}, time.Time{}
	}
	if p.complete = p.complete || f.complete(t); p.complete {
		return p, time.Time{}
	}
	return p, p.since.Add(t.deadline)
}

// statusOf gives a Deployment's status. before are its conditions until now, kept where nothing changed; pods explain why
// something is not available.
func statusOf(d *appsv1.Deployment, t target, f figures, p progress, pods []Pod, before []appsv1.DeploymentCondition, now time.Time) appsv1.DeploymentStatus {
	leaving := int32(f.leaving)
	return appsv1.DeploymentStatus{
		ObservedGeneration:  d.Generation,
		Replicas:            int32(f.total),
		UpdatedReplicas:     int32(f.updated),
		ReadyReplicas:       int32(f.ready),
		AvailableReplicas:   int32(f.available),
		UnavailableReplicas: int32(max(0, max(f.total, t.replicas)-f.available)),
		TerminatingReplicas: &leaving,
		Conditions: []appsv1.DeploymentCondition{
			keepTimes(availableCondition(t, f, pods), before, now),
			keepTimes(progressingCondition(t, f, p, pods, now), before, now),
		},
	}
}

func availableCondition(t target, f figures, pods []Pod) appsv1.DeploymentCondition {
	need := t.replicas - t.unavailable
	c := appsv1.DeploymentCondition{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: reasonAvailable}
	c.Message = fmt.Sprintf("%d of %d replicas are available.", f.available, t.replicas)
	if f.available >= need {
		return c
	}
	c.Status, c.Reason = corev1.ConditionFalse, reasonUnavailable
	if reason, message := trouble(t.hash, pods); reason != "" {
		c.Reason, c.Message = reason, message
	}
	return c
}

func progressingCondition(t target, f figures, p progress, pods []Pod, now time.Time) appsv1.DeploymentCondition {
	c := appsv1.DeploymentCondition{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue}
	switch {
	case t.paused:
		c.Status, c.Reason = corev1.ConditionUnknown, reasonPaused
		c.Message = "The rollout is paused: set spec.paused to false, or remove it, for it to go on."
	case p.complete:
		c.Reason, c.Message = reasonComplete, "All replicas have been rolled out with the newest template."
	case now.Before(p.since.Add(t.deadline)):
		c.Reason = reasonUpdated
		c.Message = fmt.Sprintf("%d of %d replicas of the newest template are available, %d old ones remain.", f.updatedAvailable, t.replicas, f.old)
		if reason, message := trouble(t.hash, pods); reason != "" {
			c.Message += " " + reason + ": " + message
		}
	default:
		c.Status, c.Reason = corev1.ConditionFalse, reasonDeadlineExceeded
		c.Message = fmt.Sprintf("No progress in %v.", t.deadline)
		if reason, message := trouble(t.hash, pods); reason != "" {
			c.Message += " " + reason + ": " + message
		}
	}
	return c
}

// trouble is the first thing that keeps a pod from being ready, of the newest template's pods before others.
func trouble(hash string, pods []Pod) (reason, message string) {
	for _, newest := range []bool{true, false} {
		for _, p := range pods {
			if p.Terminating || p.Ready || (p.TemplateHash == hash) != newest {
				continue
			}
			for _, c := range p.Containers {
				if !c.Ready && c.Reason != "" && c.Reason != ReasonCompleted && c.Reason != ReasonPodInitializing {
					return c.Reason, fmt.Sprintf("container %s of pod %s: %s", c.Name, p.Name, orReason(c))
				}
			}
		}
	}
	return "", ""
}

func orReason(c ContainerState) string {
	if c.Message != "" {
		return c.Message
	}
	switch c.Reason {
	case ReasonContainerCreating:
		return "being started"
	case ReasonModelDownload:
		return "fetching the model"
	case ReasonNotReady:
		return "running, not ready yet"
	}
	return c.Reason
}

// keepTimes gives a condition its times: of the last transition when the status is as before, of the last update when
// nothing at all has changed.
func keepTimes(c appsv1.DeploymentCondition, before []appsv1.DeploymentCondition, now time.Time) appsv1.DeploymentCondition {
	c.LastTransitionTime, c.LastUpdateTime = metav1.NewTime(now), metav1.NewTime(now)
	for _, old := range before {
		if old.Type != c.Type {
			continue
		}
		if old.Status == c.Status {
			c.LastTransitionTime = old.LastTransitionTime
			if old.Reason == c.Reason && old.Message == c.Message {
				c.LastUpdateTime = old.LastUpdateTime
			}
		}
	}
	return c
}
