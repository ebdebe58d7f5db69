package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// keptLogs is how many ended pods of a Deployment keep their logs.
const keptLogs = 10

// deployment is the loop's state of one Deployment.
type deployment struct {
	key types.NamespacedName
	// spec is the newest, with the pod template in force: a paused Deployment keeps the one that it had.
	spec *appsv1.Deployment
	// hash is that template's, empty if none has ever been in force; held says that a newer one waits.
	hash          string
	held, deleted bool
	// awaited says that it was adopted and neither applied nor retired since: nothing of it is started or ended.
	awaited bool
	// saved is what was recorded last.
	saved deploymentRecord
	refs  *sharedReferences
	// pods are in the order of their making.
	pods     []*pod
	progress progress
	// alarm tells the loop to look again when time alone changes what is to be decided.
	alarm   *time.Timer
	changed func()
	// last is what was published, for readers to be told of changes only.
	last deploymentSnapshot
}

func newDeployment(key types.NamespacedName, changed func()) *deployment {
	d := &deployment{key: key, refs: newSharedReferences(), changed: changed, alarm: time.AfterFunc(time.Hour, changed)}
	d.alarm.Stop()
	return d
}

// TemplateHash names a pod template: the first 10 hexadecimal digits of the SHA-256 of its JSON.
func TemplateHash(template *corev1.PodTemplateSpec) string {
	data, err := json.Marshal(template)
	if err != nil { // every field of the API types has a JSON form
		panic(fmt.Sprintf("pod template has no JSON form: %v", err))
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:5])
}

// take puts a newer spec in force. A paused one changes the number of pods, not their template.
func (d *deployment) take(spec *appsv1.Deployment) {
	if d.deleted {
		d.hash, d.deleted = "", false // it is another Deployment of the same name
	}
	next := TemplateHash(&spec.Spec.Template)
	d.held = spec.Spec.Paused && next != d.hash
	if d.held && d.hash != "" {
		spec.Spec.Template = d.spec.Spec.Template
	}
	if !d.held {
		d.hash = next
	}
	d.spec = spec
}

func (d *deployment) target() target {
	t := targetOf(d.spec, d.hash)
	t.held = d.held
	if d.deleted {
		t.replicas, t.unavailable, t.paused = 0, 0, false
	}
	return t
}

// dropGone forgets the pods that have ended and the oldest logs.
func (d *deployment) dropGone(h *host) {
	before := len(d.pods)
	d.pods = slices.DeleteFunc(d.pods, (*pod).isGone)
	if len(d.pods) == before {
		return
	}
	live := map[string]bool{}
	for _, p := range d.pods {
		live[p.name] = true
	}
	if err := pruneLogs(d.logDir(h), live); err != nil {
		h.options.Logger.Warn("old logs can't be removed", "namespace", d.key.Namespace, "deployment", d.key.Name, "error", err)
	}
}

func (d *deployment) logDir(h *host) string {
	return filepath.Join(h.options.Dir, "logs", d.key.Namespace, d.key.Name)
}

// step starts pods and marks those that are to go, as decided, and gives the latter.
func (d *deployment) step(h *host, startPod func(*pod)) (leaving []*pod) {
	now := time.Now()
	t := d.target()
	var act actions
	var wake time.Time
	if !d.awaited {
		act, wake = decide(t, replicasOf(d.snapshots()), now)
	}
	for _, p := range d.pods {
		if slices.Contains(act.stop, p.name) {
			p.change(func(state *Pod) { state.Terminating = true })
			leaving = append(leaving, p)
		}
	}
	for range act.start {
		p := d.newPod(h, now)
		d.pods = append(d.pods, p)
		startPod(p)
	}
	var deadline time.Time
	d.progress, deadline = d.progress.advance(t, count(t, replicasOf(d.snapshots()), now), now)
	d.setAlarm(now, wake, deadline)
	return leaving
}

// setAlarm looks again at the earlier of two times; a zero one, or one that has passed, asks for nothing.
func (d *deployment) setAlarm(now time.Time, times ...time.Time) {
	var next time.Time
	for _, at := range times {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if next.IsZero() {
		d.alarm.Stop()
		return
	}
	d.alarm.Reset(next.Sub(now) + time.Millisecond)
}

func (d *deployment) snapshots() []Pod {
	out := make([]Pod, 0, len(d.pods))
	for _, p := range d.pods {
		out = append(out, p.snapshot())
	}
	return out
}

func replicasOf(pods []Pod) []replica {
	out := make([]replica, 0, len(pods))
	for _, p := range pods {
		out = append(out, replica{name: p.Name, hash: p.TemplateHash, created: p.CreatedAt, readySince: p.ReadySince, terminating: p.Terminating})
	}
	return out
}

// snapshot is what readers shall see, and whether it differs from what they saw last.
func (d *deployment) snapshot() (deploymentSnapshot, bool) {
	now := time.Now()
	t := d.target()
	pods := d.snapshots()
	f := count(t, replicasOf(pods), now)
	next := deploymentSnapshot{pods: pods, status: statusOf(d.spec, t, f, d.progress, pods, d.last.status.Conditions, now)}
	if reflect.DeepEqual(next, d.last) {
		return next, false
	}
	d.last = next
	return next, true
}

func (d *deployment) newPod(h *host, now time.Time) *pod {
	name := d.spec.Name + "-" + d.hash + "-" + randomName(5)
	p := d.makePod(h, name, d.hash, randomName(20), *d.spec.Spec.Template.DeepCopy())
	p.state = Pod{
		Name: name, Namespace: p.namespace, Deployment: p.deployment, Labels: p.template.Labels, TemplateHash: p.hash,
		Address: h.options.Listen, Ports: map[int32]int32{}, CreatedAt: now, Containers: p.initialContainers(),
	}
	return p
}

// makePod makes a pod without a state.
func (d *deployment) makePod(h *host, name, hash, uid string, template corev1.PodTemplateSpec) *pod {
	data, err := json.Marshal(&template)
	if err != nil { // see TemplateHash
		panic(fmt.Sprintf("pod template has no JSON form: %v", err))
	}
	return &pod{
		name: name, namespace: d.key.Namespace, deployment: d.key.Name, hash: hash, uid: uid,
		template: template, refs: d.refs, host: h, fixed: podRecord{UID: uid, Template: data},
		dir: filepath.Join(h.options.Dir, "pods", d.key.Namespace+"_"+name), logDir: filepath.Join(d.logDir(h), name),
		leave: make(chan struct{}), gone: make(chan struct{}), changed: d.changed,
	}
}

// save records the Deployment for a later run.
func (d *deployment) save(h *host) {
	next := deploymentRecord{Spec: d.spec, Hash: d.hash, Held: d.held}
	if reflect.DeepEqual(next, d.saved) {
		return
	}
	if err := h.records.saveDeployment(d.key, next); err != nil {
		h.options.Logger.Warn("a Deployment can't be recorded: a start after a kill would make its pods anew",
			"namespace", d.key.Namespace, "deployment", d.key.Name, "error", err)
		return
	}
	d.saved = next
}

// initialContainers are the states before anything runs.
func (p *pod) initialContainers() []ContainerState {
	var out []ContainerState
	add := func(specs []corev1.Container, init bool, reason string) {
		for i := range specs {
			out = append(out, ContainerState{
				Name: specs[i].Name, Init: init, State: StateWaiting, Reason: reason,
				LogFile: filepath.Join(p.logDir, specs[i].Name+".log"),
			})
		}
	}
	reason := ReasonContainerCreating
	if len(p.template.Spec.InitContainers) > 0 {
		reason = ReasonPodInitializing
	}
	add(p.template.Spec.InitContainers, true, ReasonContainerCreating)
	add(p.template.Spec.Containers, false, reason)
	return out
}

// randomName is n letters and digits, without vowels and what looks alike, as in Kubernetes' generated names.
func randomName(n int) string {
	const alphabet = "bcdfghjklmnpqrstvwxz2456789"
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return string(out)
}

// pruneLogs keeps the logs of live pods and of the newest others.
func pruneLogs(dir string, live map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	type ended struct {
		name string
		at   time.Time
	}
	var old []ended
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && !live[entry.Name()] {
			old = append(old, ended{entry.Name(), info.ModTime()})
		}
	}
	slices.SortFunc(old, func(a, b ended) int { return b.at.Compare(a.at) })
	for _, e := range old[min(len(old), keptLogs):] {
		if err := os.RemoveAll(filepath.Join(dir, e.name)); err != nil {
			return err
		}
	}
	return nil
}
