package engine

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// adopted are a Deployment and its pods that an earlier run left.
type adopted struct {
	record deploymentRecord
	pods   []remains
}

// remains are what is left of a pod: its record and, by the container's name, its processes that still live and those that were
// about to be started, of which nothing more is known.
type remains struct {
	record          podRecord
	entries, caught map[string]entry
}

// survey says what of an earlier run can be gone on with. living are the processes that still live, caught those that were
// about to be started.
func survey(deployments map[types.NamespacedName]deploymentRecord, pods []podRecord, living, caught []entry) []adopted {
	livingIn, caughtIn := byPod(living), byPod(caught)
	found := map[types.NamespacedName]*adopted{}
	for _, p := range pods {
		record, known := deployments[p.deployment()]
		r := remains{record: p, entries: livingIn[p.key()], caught: caughtIn[p.key()]}
		if !known || !r.adoptable() {
			continue
		}
		if found[p.deployment()] == nil {
			found[p.deployment()] = &adopted{record: record}
		}
		found[p.deployment()].pods = append(found[p.deployment()].pods, r)
	}
	var out []adopted
	for _, a := range found {
		slices.SortFunc(a.pods, func(a, b remains) int {
			return cmp.Or(a.record.State.CreatedAt.Compare(b.record.State.CreatedAt), cmp.Compare(a.record.State.Name, b.record.State.Name))
		})
		out = append(out, *a)
	}
	return out
}

func byPod(entries []entry) map[types.NamespacedName]map[string]entry {
	out := map[types.NamespacedName]map[string]entry{}
	for _, e := range entries {
		key := types.NamespacedName{Namespace: e.Namespace, Name: e.Pod}
		if out[key] == nil {
			out[key] = map[string]entry{}
		}
		out[key][e.Container] = e
	}
	return out
}

// adoptable says whether a pod had come so far that it can be gone on with: its init containers have run, and each of the
// others has been started, whether it still runs or not. One that was caught before is made anew, and one that was to go and
// runs no more has gone.
func (r remains) adoptable() bool {
	template, err := r.record.template()
	if err != nil {
		return false
	}
	alive := false
	for i := range r.record.State.Containers {
		state := &r.record.State.Containers[i]
		_, runs := r.entries[state.Name]
		if state.Init && !isSidecar(&template.Spec.InitContainers[i]) {
			if state.State != StateTerminated || state.Reason != ReasonCompleted {
				return false
			}
			continue
		}
		if _, caught := r.caught[state.Name]; caught && !runs {
			return false
		}
		alive = alive || runs
		if !runs && !r.record.State.Terminating && startsOf(state) == 0 {
			return false
		}
	}
	return alive || !r.record.State.Terminating
}

// startsOf is how often a container had been started when it was recorded.
func startsOf(state *ContainerState) int {
	if state.PID != 0 || state.Restarts > 0 || state.Reason == ReasonCrashLoopBackOff || state.Reason == ReasonError {
		return state.Restarts + 1
	}
	return 0
}

func isSidecar(c *corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// takeStock finds what an earlier run left: what can be gone on with is returned, and everything else of it ended and
// removed.
func (h *host) takeStock() ([]adopted, error) {
	deployments, pods, err := h.records.load()
	if err != nil {
		return nil, err
	}
	recorded, err := h.ledger.entries()
	if err != nil {
		return nil, fmt.Errorf("read the records of an earlier run: %w", err)
	}
	living := slices.DeleteFunc(slices.Clone(recorded), func(e entry) bool { return !h.ledger.lives(e, h.options.mark()) })
	caught, err := h.ledger.announcements()
	if err != nil {
		return nil, fmt.Errorf("read the records of an earlier run: %w", err)
	}
	found := survey(deployments, pods, living, caught)
	kept := map[types.NamespacedName]bool{}
	keptDeployments := map[types.NamespacedName]bool{}
	keptPIDs := map[int]bool{}
	for _, a := range found {
		for _, p := range a.pods {
			kept[p.record.key()], keptDeployments[p.record.deployment()] = true, true
			for _, e := range p.entries {
				keptPIDs[e.PID] = true
			}
			h.ports.hold(p.record.State.Ports)
		}
	}
	h.ledger.endStrays(recorded, h.options.mark(), kept, keptPIDs, h.timing.leftoverGrace)
	h.ledger.forgetAnnouncements(caught)
	for _, p := range pods {
		if !kept[p.key()] {
			h.options.Logger.Info("a pod of the run before can't be adopted: it is ended", "namespace", p.State.Namespace, "name", p.State.Name)
		}
	}
	return found, errors.Join(
		keepFiles(h.records.deployments, ".json", keptDeployments),
		keepFiles(h.records.pods, ".json", kept),
		keepFiles(filepath.Join(h.options.Dir, "pods"), "", kept),
	)
}

// keepFiles removes all in a directory but what is named for one of the keys.
func keepFiles(dir, suffix string, keys map[types.NamespacedName]bool) error {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for key := range keys {
		names[strings.TrimSuffix(recordName(key), ".json")+suffix] = true
	}
	for _, file := range files {
		if names[filepath.Base(file)] {
			continue
		}
		if err := os.RemoveAll(file); err != nil {
			return fmt.Errorf("state directory: %w", err)
		}
	}
	return nil
}

// adopt goes on with a Deployment. Nothing of it is started or ended before it is applied or retired.
func (l *loop) adopt(a adopted) {
	key := types.NamespacedName{Namespace: a.record.Spec.Namespace, Name: a.record.Spec.Name}
	d := newDeployment(key, func() { l.news.add(key) })
	d.spec, d.hash, d.held, d.awaited = a.record.Spec, a.record.Hash, a.record.Held, true
	d.saved = a.record
	l.deployments[key] = d
	for _, r := range a.pods {
		p, err := d.adoptedPod(l.host, r)
		if err != nil { // its record was read before
			panic(fmt.Sprintf("engine: %v", err))
		}
		d.pods = append(d.pods, p)
		l.host.options.Logger.Info("a pod of the run before is adopted", p.attributes(), "processes", len(r.entries), "ready", p.state.Ready)
		l.startPod(p)
	}
	l.reconcile(key)
}

// retire drains and ends the Deployments that were adopted and nobody has applied.
func (l *loop) retire() {
	for key, d := range l.deployments {
		if d.awaited {
			l.host.options.Logger.Info("nothing asks for an adopted Deployment any more: it is drained and ended", "namespace", key.Namespace, "deployment", key.Name)
			l.delete(key)
		}
	}
}

// adoptedPod makes the pod of what is left of it.
func (d *deployment) adoptedPod(h *host, r remains) (*pod, error) {
	template, err := r.record.template()
	if err != nil {
		return nil, err
	}
	state := r.record.State.clone()
	p := d.makePod(h, state.Name, state.TemplateHash, r.record.UID, template)
	p.adopted = make([]resumption, len(state.Containers))
	for i := range state.Containers {
		c := &state.Containers[i]
		c.LogFile = filepath.Join(p.logDir, c.Name+".log")
		resume := &p.adopted[i]
		resume.starts, resume.looping = startsOf(c), c.Reason == ReasonCrashLoopBackOff
		if e, runs := r.entries[c.Name]; runs {
			if resume.process = h.ledger.adopt(e, p.mark()); resume.process != nil {
				resume.entry = e
			} else { // it has ended since it was looked at
				h.ledger.bury(e)
			}
		}
		if resume.process == nil {
			c.PID, c.Ready = 0, false
			if c.State == StateRunning {
				c.State, c.Reason = StateWaiting, crashed(false)
			}
			continue
		}
		// One that was started and not noted yet is another than the one noted.
		if c.PID != resume.process.pid {
			c.PID, c.Ready, c.StartedAt, resume.starts = resume.process.pid, false, resume.entry.Began, resume.starts+1
		}
		c.State, c.Restarts, c.Reason = StateRunning, max(0, resume.starts-1), ReasonNotReady
		if c.Ready {
			c.Reason = ""
		}
		resume.ready = c.Ready
	}
	state.Ready = allReady(state.Containers)
	p.served = state.Ready || r.record.Served && allRunning(state.Containers)
	p.state = state
	if state.Terminating {
		close(p.leave)
	}
	return p, nil
}
