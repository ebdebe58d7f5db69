package engine

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// patience is how long a test waits for what must happen; it is long for a machine that does much else.
const patience = 60 * time.Second

// quick is a timing for tests.
func quick() timing {
	t := defaultTiming()
	t.backoffFirst, t.backoffLimit = 50*time.Millisecond, 400*time.Millisecond
	t.quickProbe, t.listenAfter, t.leftoverGrace = 20*time.Millisecond, 300*time.Millisecond, 500*time.Millisecond
	return t
}

// rig is an engine under test with a signal of its changes.
type rig struct {
	*testing.T
	*Engine
	options Options

	mu sync.Mutex
	// news is closed and replaced at each change.
	news chan struct{}
}

func newRig(t *testing.T, set func(*Options)) *rig {
	t.Helper()
	r := &rig{T: t, news: make(chan struct{})}
	r.options = Options{Dir: t.TempDir(), Changed: r.changed}
	if set != nil {
		set(&r.options)
	}
	r.start()
	t.Cleanup(func() { r.stop() })
	return r
}

func (r *rig) start() {
	r.Helper()
	e, err := newEngine(r.options, quick())
	if err != nil {
		r.Fatal(err)
	}
	r.Engine = e
}

func (r *rig) changed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.news)
	r.news = make(chan struct{})
}

func (r *rig) stop() {
	r.Helper()
	if err := r.Engine.Stop(context.Background()); err != nil {
		r.Error(err)
	}
	if left := running(markedPrefix(podVariable + "=" + r.options.Dir + "#")); len(left) > 0 {
		r.Errorf("processes are left after Stop: %+v", left)
	}
}

// until waits for a change after which holds is true.
func (r *rig) until(what string, holds func() bool) {
	r.Helper()
	deadline := time.After(patience)
	for {
		r.mu.Lock()
		news := r.news
		r.mu.Unlock()
		if holds() {
			return
		}
		select {
		case <-news:
		case <-deadline:
			r.Fatalf("never: %s\npods: %s", what, r.describe())
		}
	}
}

func (r *rig) describe() string {
	var b strings.Builder
	for _, p := range r.Pods() {
		fmt.Fprintf(&b, "\n%s ready=%v terminating=%v ports=%v", p.Name, p.Ready, p.Terminating, p.Ports)
		for _, c := range p.Containers {
			log, _ := os.ReadFile(c.LogFile)
			fmt.Fprintf(&b, "\n  %+v\n%s", c, log)
		}
	}
	return b.String()
}

// poll waits for something that the engine does not announce.
func (r *rig) poll(what string, holds func() bool) {
	r.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			r.Fatalf("never: %s\npods: %s", what, r.describe())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (r *rig) ready(name string) []Pod {
	var out []Pod
	for _, p := range r.Pods() {
		if p.Deployment == name && p.Ready && !p.Terminating {
			out = append(out, p)
		}
	}
	return out
}

func (r *rig) untilReady(name string, n int) []Pod {
	r.Helper()
	r.until(fmt.Sprintf("%d ready pods of %s", n, name), func() bool { return len(r.ready(name)) == n })
	return r.ready(name)
}

// first waits until the first container of the only pod of a Deployment is as wished.
func (r *rig) first(what string, holds func(ContainerState) bool) ContainerState {
	r.Helper()
	var state ContainerState
	r.until(what, func() bool {
		pods := r.Pods()
		if len(pods) == 0 {
			return false
		}
		state = pods[0].Containers[0]
		return holds(state)
	})
	return state
}

func (r *rig) get(p Pod, path string) string {
	r.Helper()
	for _, port := range p.Ports {
		response, err := http.Get(fmt.Sprintf("http://%s:%d%s", p.Address, port, path))
		if err != nil {
			r.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			r.Fatal(err)
		}
		http.DefaultClient.CloseIdleConnections()
		return string(body)
	}
	r.Fatal("the pod has no port")
	return ""
}

func key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "default", Name: name}
}

// deployment makes a Deployment of one container that runs one of the test's programs.
func newTestDeployment(name, program string, change ...func(*appsv1.Deployment)) *appsv1.Deployment {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	grace := int64(5)
	d.Spec.Template.Spec.TerminationGracePeriodSeconds = &grace
	d.Spec.Template.Labels = map[string]string{"app": name}
	d.Spec.Template.Spec.Containers = []corev1.Container{{
		Name: "main", Command: []string{self}, Env: []corev1.EnvVar{{Name: programVariable, Value: program}},
	}}
	if program == "server" || program == "daemon" || program == "titled" {
		d.Spec.Template.Spec.Containers[0].ReadinessProbe = httpProbe("/ready")
	}
	for _, apply := range change {
		apply(d)
	}
	return d
}

func httpProbe(path string) *corev1.Probe {
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(8080)}}, PeriodSeconds: 1, TimeoutSeconds: 5}
}

func replicas(n int32) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) { d.Spec.Replicas = &n }
}

func env(name, value string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		c := &d.Spec.Template.Spec.Containers[0]
		c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value})
	}
}

func write(t *testing.T, text string, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := replaceFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
