package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// container runs one container of a pod, one process after the other.
type container struct {
	pod  *pod
	spec *corev1.Container
	// index is its place in the pod's Containers.
	index int
	// starts counts the processes that were started.
	starts int
	// resumes is what is gone on with first, in an adopted pod.
	resumes *resumption
	// secrets are the values of Secrets that the present process was given, or the last one.
	secrets []string
	// logUsed says that a process has written to the present log file.
	logUsed bool
	// started is closed when the container has once passed its startup probe, or run if it has none.
	started     chan struct{}
	startedOnce sync.Once
}

// ending is how one run of a container ended, or why it could not begin.
type ending struct {
	reason, message string
	succeeded       bool
	ran             time.Duration
}

// supervise runs the container until life ends, again and again with growing delays; with untilSuccess also until it ends
// well. hard cuts every grace period short. It says whether it ended well, and leaves no process.
func (c *container) supervise(life, hard context.Context, untilSuccess bool) bool {
	t := c.pod.host.timing
	delays := backoff{first: t.backoffFirst, limit: t.backoffLimit, forgive: t.backoffForgive}
	if r := c.resumes; r != nil && r.looping {
		delays.next = delays.first
	}
	for {
		// Taken before the attempt, so that a reference that comes while it fails isn't missed.
		_, replaced := c.pod.refs.get()
		end := c.next(life, hard)
		if untilSuccess && end.succeeded || life.Err() != nil || c.pod.isLeaving() {
			c.set(func(s *ContainerState) { s.State, s.Reason, s.Message = StateTerminated, end.reason, end.message })
			return end.succeeded
		}
		wait := delays.delay(end.ran)
		c.set(func(s *ContainerState) {
			s.State, s.Reason = StateWaiting, end.reason
			s.Message = fmt.Sprintf("%s; next try in %v", end.message, wait)
			if end.reason == ReasonError || end.reason == ReasonCompleted {
				s.Reason = crashed(delays.again)
			}
		})
		c.waitRetry(life, replaced, wait)
	}
}

// crashed is the reason that a container shows while it waits to be started again. One crash is no loop.
func crashed(again bool) string {
	if again {
		return ReasonCrashLoopBackOff
	}
	return ReasonError
}

// waitRetry waits for the delay, or less if the pod is to go or what it refers to has changed.
func (c *container) waitRetry(life context.Context, replaced <-chan struct{}, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-replaced:
	case <-life.Done():
	case <-c.pod.leave:
	}
}

// once starts the container and returns when it has ended.
func (c *container) once(life, hard context.Context) ending {
	if life.Err() != nil || c.pod.isLeaving() {
		return ending{reason: ReasonCompleted, message: "the pod was to go before the container started"}
	}
	l, err := c.prepare(life)
	if err != nil {
		return failed(err)
	}
	w := &watch{container: c, launch: l, events: make(chan probeEvent)}
	if err := w.equip(); err != nil {
		return failed(err)
	}
	if err := c.rotateLog(); err != nil {
		return failed(&reasonError{ReasonStartError, err.Error()})
	}
	logged := fileSize(l.command.logFile)
	began := time.Now()
	l.command.entry.Began = began
	c.keepEnvironment(l.command.env)
	w.process, err = start(l.command, c.pod.host.ledger)
	if err != nil {
		c.dropEnvironment()
		return failed(&reasonError{ReasonStartError, err.Error()})
	}
	restarts := c.starts
	c.starts, c.logUsed = c.starts+1, true
	c.set(func(s *ContainerState) {
		s.PID, s.State, s.Reason, s.Message, s.StartedAt = w.process.pid, StateRunning, ReasonNotReady, "", began
		s.Restarts = restarts
	})
	return c.attend(life, hard, w, logged, began)
}

// attend returns when a container's process has ended. Its log begins at logged.
func (c *container) attend(life, hard context.Context, w *watch, logged int64, began time.Time) ending {
	l := w.launch
	cause := w.run(life, hard)
	c.dropEnvironment()
	c.set(func(s *ContainerState) { s.PID, s.Ready, s.StartedAt = 0, false, time.Time{} })
	if l.isolated {
		removeContainer(context.WithoutCancel(hard), l.command.entry.Engine, l.command.entry.EngineName)
	}
	line := c.lastWords(l, logged)
	end := ended(w.process.exit, cause, line, time.Since(began))
	if c.downloads() {
		end = downloadFailed(end, line)
	}
	return end
}

// failed is the ending of a container that could not be started.
func failed(err error) ending {
	var why *reasonError
	if errors.As(err, &why) {
		return ending{reason: why.reason, message: why.message}
	}
	return ending{reason: ReasonStartError, message: err.Error()}
}

// ended words the ending of a process: cause says why it was ended, "" if it ended by itself; line is what it last said.
func ended(exit exitStatus, cause, line string, ran time.Duration) ending {
	e := ending{reason: ReasonError, message: exit.String(), ran: ran}
	if exit == (exitStatus{}) {
		e.reason, e.succeeded = ReasonCompleted, true
	}
	if cause != "" {
		e.message = cause + "; " + e.message
	}
	if line != "" {
		e.message += "; the log says: " + line
	}
	return e
}

// set changes the container's state. Every message passes here, wherever its text comes from, and leaves Secrets behind.
func (c *container) set(change func(*ContainerState)) {
	c.pod.change(func(p *Pod) {
		s := &p.Containers[c.index]
		before := s.Message
		if change(s); s.Message != before {
			s.Message = c.hide(s.Message)
		}
	})
}

func (c *container) markStarted() { c.startedOnce.Do(func() { close(c.started) }) }
