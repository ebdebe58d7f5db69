package engine

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// leastGrace is what a process is given after a preStop hook that has used up the grace period, as kubelet does.
const leastGrace = 2 * time.Second

// hookOf gives what a lifecycle hook does, nil for none.
func (t probeTarget) hookOf(h *corev1.LifecycleHandler) (check, error) {
	switch {
	case h == nil:
		return nil, nil
	case h.Sleep != nil:
		return func(ctx context.Context) error {
			sleep(ctx, time.Duration(h.Sleep.Seconds)*time.Second)
			return ctx.Err()
		}, nil
	}
	return t.checkOf(corev1.ProbeHandler{Exec: h.Exec, HTTPGet: h.HTTPGet, TCPSocket: h.TCPSocket})
}

// hooksOf gives the container's two hooks.
func (l launch) hooksOf(c *corev1.Container) (postStart, preStop check, err error) {
	if c.Lifecycle == nil {
		return nil, nil, nil
	}
	if postStart, err = l.probes.hookOf(c.Lifecycle.PostStart); err != nil {
		return nil, nil, err
	}
	preStop, err = l.probes.hookOf(c.Lifecycle.PreStop)
	return postStart, preStop, err
}

// unlessClosed does something whose context ends when over is closed, should that come first.
func unlessClosed(ctx context.Context, over <-chan struct{}, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-over:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := do(ctx)
	cancel()
	<-watched
	return err
}

// endUnhealthy ends a process whose probe has failed, within its grace period. First its pod is not ready any more and is
// drained: what it has in flight may be answered yet, and nobody is to be sent to a process that is about to end. One that
// hangs is never drained, which is why it is not waited for longer.
func (w *watch) endUnhealthy(life, hard context.Context, cause string, grace time.Duration) {
	w.ready = false
	w.container.set(func(s *ContainerState) {
		s.Ready, s.Reason, s.Message = false, ReasonNotReady, cause+"; it is drained and ended"
	})
	began := time.Now()
	ctx, cancel := context.WithTimeout(life, grace)
	defer cancel()
	w.container.pod.drain(ctx, w.process.exited)
	w.end(hard, max(grace-time.Since(began), leastGrace))
}

// end runs the preStop hook and ends the process, both within a grace period.
func (w *watch) end(hard context.Context, grace time.Duration) {
	if w.preStop != nil {
		began := time.Now()
		ctx, cancel := context.WithTimeout(hard, grace)
		if err := unlessClosed(ctx, w.process.exited, w.preStop); err != nil && ctx.Err() == nil && !closed(w.process.exited) {
			w.container.pod.host.options.Logger.Warn("a preStop hook failed", w.container.pod.attributes(),
				"container", w.container.spec.Name, "error", w.container.hide(err.Error()))
		}
		cancel()
		grace = max(grace-time.Since(began), leastGrace)
	}
	w.process.terminate(grace, hard.Done())
}
