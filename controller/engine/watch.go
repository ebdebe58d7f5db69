package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// watch looks after one running process: it runs its probes, ends it when they or the pod say so, and notices where it
// listens.
type watch struct {
	container                    *container
	launch                       launch
	process                      *process
	startup, readiness, liveness *probe
	postStart, preStop           check
	events                       chan probeEvent
	probing                      sync.WaitGroup
	// endStartup stops the startup probe, whose later failures say nothing.
	endStartup context.CancelFunc
	// adopted says that the process was started by an earlier run, which has run its postStart hook.
	adopted bool

	ready bool
	// listenMessage is set while the process listens elsewhere than it was told to.
	listenMessage string
	// exposedMessage is set while the process listens at more addresses than it was told to.
	exposedMessage string
	// progress is how far a download is.
	progress string
	// probeMessage is the last failure of the startup or readiness probe.
	probeMessage string
}

type probeEvent struct {
	probe   *probe
	outcome outcome
}

// equip gives the watch the container's probes and hooks.
func (w *watch) equip() (err error) {
	spec := w.container.spec
	if w.startup, w.readiness, w.liveness, err = w.launch.probesOf(spec); err != nil {
		return err
	}
	w.postStart, w.preStop, err = w.launch.hooksOf(spec)
	return err
}

// run returns when the process has ended, with the reason why it was made to, "" if it ended by itself.
func (w *watch) run(life, hard context.Context) (cause string) {
	ctx, stop := context.WithCancel(hard)
	defer w.probing.Wait()
	defer stop()
	if w.postStart != nil && !w.adopted {
		if err := unlessClosed(life, w.process.exited, w.postStart); err != nil && life.Err() == nil && !closed(w.process.exited) {
			w.process.terminate(w.container.pod.grace(nil), hard.Done())
			return "postStart hook failed: " + err.Error()
		}
	}
	starting, started := context.WithCancel(ctx)
	w.endStartup = started
	if w.startup != nil && !(w.adopted && w.ready) {
		w.begin(starting, w.startup)
	} else {
		w.up(ctx)
	}
	listen := time.NewTimer(w.container.pod.host.timing.listenAfter)
	defer listen.Stop()
	progress, endProgress := w.container.progressTicks()
	defer endProgress()
	var open <-chan map[int32]listener
	for lookAgain := w.container.pod.host.timing.listenAfter; ; {
		select {
		case <-w.process.exited:
			return ""
		case <-life.Done():
			w.container.set(func(s *ContainerState) { s.Ready = false })
			stop()
			w.end(hard, w.container.pod.grace(nil))
			return "ended with its pod"
		case e := <-w.events:
			if cause := w.take(ctx, e); cause != "" {
				stop()
				w.endUnhealthy(life, hard, cause, w.container.pod.grace(e.probe.grace))
				return cause
			}
		case <-listen.C:
			if !w.launch.isolated && len(w.launch.served) > 0 {
				open = w.container.pod.host.lookout.ask(w.process.pid)
			}
		case <-progress:
			w.takeProgress()
		case found := <-open:
			open = nil
			lookAgain = min(2*lookAgain, 30*time.Second)
			if w.takePorts(found); !w.ready || w.listenMessage != "" {
				listen.Reset(lookAgain)
			}
		}
	}
}

// begin starts a probe; its reports arrive in events.
func (w *watch) begin(ctx context.Context, p *probe) {
	w.probing.Go(func() {
		p.run(ctx, w.container.pod.host.timing.quickProbe, func(o outcome) {
			select {
			case w.events <- probeEvent{p, o}:
			case <-ctx.Done():
			}
		})
	})
}

// up is when the startup probe has passed, or at once without one.
func (w *watch) up(ctx context.Context) {
	w.container.markStarted()
	if w.liveness != nil {
		if w.startup == nil { // a process needs a moment to listen, and one failure may be enough to end it
			w.liveness.initialDelay += w.liveness.period
		}
		w.begin(ctx, w.liveness)
	}
	if w.readiness != nil {
		if w.adopted && w.ready { // it stays so until as many attempts in a row say otherwise as the probe asks for
			w.readiness.begins, w.readiness.initialDelay = passing, 0
		}
		w.begin(ctx, w.readiness)
		return
	}
	w.ready, w.probeMessage = true, ""
	w.show()
}

// take handles a probe's report; a cause that is not empty asks for the process to be ended.
func (w *watch) take(ctx context.Context, e probeEvent) (cause string) {
	switch e.probe {
	case w.startup:
		if e.outcome.verdict == passing {
			w.endStartup()
			w.up(ctx)
			return ""
		}
		if e.outcome.verdict == failing {
			return fmt.Sprintf("startup probe failed %d times: %v", e.probe.failures, e.outcome.err)
		}
		w.probeMessage = "startup probe: " + errorText(e.outcome.err)
	case w.liveness:
		if e.outcome.verdict == failing {
			return fmt.Sprintf("liveness probe failed %d times: %v", e.probe.failures, e.outcome.err)
		}
		return ""
	case w.readiness:
		w.ready = e.outcome.verdict == passing
		w.probeMessage = ""
		if e.outcome.err != nil {
			w.probeMessage = "readiness probe: " + e.outcome.err.Error()
		}
	}
	w.show()
	return ""
}

// takePorts compares where the process listens with where it should.
func (w *watch) takePorts(open map[int32]listener) {
	listenMessage := wrongPort(w.launch.served, slices.Sorted(maps.Keys(open)))
	exposedMessage := exposed(open, w.container.pod.host.options.Listen)
	if listenMessage == w.listenMessage && exposedMessage == w.exposedMessage {
		return
	}
	w.listenMessage, w.exposedMessage = listenMessage, exposedMessage
	w.show()
}

// show puts what is known into the container's state: the wrong port before the failed probe, of which it is the reason.
func (w *watch) show() {
	w.container.set(func(s *ContainerState) {
		s.Ready, s.Reason, s.Message = w.ready, "", ""
		switch {
		case w.container.downloads():
			s.Ready, s.Reason, s.Message = false, ReasonModelDownload, w.progress
		case w.listenMessage != "":
			s.Reason, s.Message = ReasonWrongPort, w.listenMessage
		case !w.ready:
			s.Reason, s.Message = ReasonNotReady, w.probeMessage
		default:
			s.Message = w.exposedMessage
		}
	})
}
