package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// resumption is where a container of an adopted pod is gone on with.
type resumption struct {
	// process is the one that still runs, with its entry; nil if it has ended meanwhile.
	process *process
	entry   entry
	// starts counts the starts until now.
	starts int
	// looping says that it had ended again and again.
	looping bool
	// ready says that the process was ready when it was last seen.
	ready bool
}

// resumeContainers goes on with an adopted pod's containers, until life ends. Init containers have run.
func (p *pod) resumeContainers(life, hard context.Context) {
	var sidecars, mains sync.WaitGroup
	sidecarLife, endSidecars := context.WithCancel(hard)
	defer sidecars.Wait()
	defer endSidecars()
	inits := p.template.Spec.InitContainers
	for i := range p.adopted {
		switch {
		case i >= len(inits):
			c := p.container(&p.template.Spec.Containers[i-len(inits)], i)
			mains.Go(func() { c.supervise(life, hard, false) })
		case isSidecar(&inits[i]):
			c := p.container(&inits[i], i)
			sidecars.Go(func() { c.supervise(sidecarLife, hard, false) })
		}
	}
	mains.Wait()
}

// next goes on with the process that was adopted, or else starts one.
func (c *container) next(life, hard context.Context) ending {
	if r := c.resumes; r != nil {
		c.resumes = nil
		return c.resume(life, hard, r)
	}
	return c.once(life, hard)
}

// resume returns when an adopted container's process has ended.
func (c *container) resume(life, hard context.Context, r *resumption) ending {
	if r.process == nil {
		c.dropEnvironment()
		return ending{reason: ReasonError, message: "it ended while sluice was away, how is not known"}
	}
	w := &watch{container: c, launch: c.relaunch(r.entry), process: r.process, events: make(chan probeEvent), adopted: true, ready: r.ready}
	if err := w.equip(); err != nil { // no process is started for a template with such a mistake
		r.process.terminate(c.pod.grace(nil), hard.Done())
		return failed(err)
	}
	return c.attend(life, hard, w, 0, r.entry.Began)
}

// relaunch gives what is known of a running process that an earlier run has started: what its pod refers to may be another by
// now, so its environment is asked of the process itself.
func (c *container) relaunch(e entry) launch {
	ports := portMap(c.pod.snapshot().Ports)
	environment := c.environmentOf(e.PID)
	values := lookupIn(environment)
	l := launch{served: portMap{}, isolated: e.Engine != ""}
	for _, p := range servedPorts(c.spec, &c.pod.template.Spec) {
		l.served[p.ContainerPort] = ports[p.ContainerPort]
	}
	l.command = command{logFile: c.logFile(), mark: c.pod.mark(), entry: e}
	c.secrets = c.secretFiles()
	for _, name := range e.Secrets {
		if value := environment[name]; value != "" {
			c.secrets = append(c.secrets, value)
		}
	}
	for _, name := range e.Names {
		l.names = append(l.names, rewrite{name[0], name[1]})
	}
	path, _ := values("PATH")
	execute := executeIn(environ(environment), path, e.Dir, c.hide)
	if l.isolated {
		inside := execute
		execute = func(ctx context.Context, args []string) error {
			return inside(ctx, append([]string{e.Engine}, containerRun{name: e.EngineName}.execArguments(args)...))
		}
	}
	l.probes = probeTarget{container: c.spec, address: c.pod.host.options.Listen, ports: ports, hide: c.hide, execute: execute}
	return l
}

// environmentFile keeps the environment of the container's process, for its owner alone to read.
func (c *container) environmentFile() string {
	return filepath.Join(c.pod.dir, "environment", c.spec.Name)
}

// adoptable says whether a later run may go on with a process of the container: not of one that runs to its end before the others.
func (c *container) adoptable() bool {
	return c.index >= len(c.pod.template.Spec.InitContainers) || isSidecar(c.spec)
}

// dropEnvironment forgets what was kept of a process that has ended: it may hold Secrets.
func (c *container) dropEnvironment() {
	if err := os.Remove(c.environmentFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.pod.host.options.Logger.Warn("the environment of a process that has ended can't be removed", c.pod.attributes(), "container", c.spec.Name, "error", err)
	}
}

// keepEnvironment notes what a process is started with, for a later run that finds it overwritten.
func (c *container) keepEnvironment(env []string) {
	if !c.adoptable() {
		return
	}
	if err := replaceFile(c.environmentFile(), []byte(strings.Join(env, "\x00")), 0o600); err != nil {
		c.pod.host.options.Logger.Warn("a process's environment can't be kept: if it overwrites its own, probes that run commands fail after a kill",
			c.pod.attributes(), "container", c.spec.Name, "error", err)
	}
}

// environmentOf is the environment that a process of the container was started with: its own, or what was kept of it if the
// process has overwritten that.
func (c *container) environmentOf(pid int) map[string]string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return map[string]string{} // it has ended, which its watch finds
	}
	values := variablesIn(data)
	if name, mark, _ := strings.Cut(c.pod.mark(), "="); values[name] == mark {
		return values
	}
	kept, err := os.ReadFile(c.environmentFile())
	if err != nil {
		return values
	}
	return variablesIn(kept)
}

// variablesIn reads an environment as the kernel keeps it.
func variablesIn(data []byte) map[string]string {
	values := map[string]string{}
	for variable := range strings.SplitSeq(string(data), "\x00") {
		if name, value, ok := strings.Cut(variable, "="); ok {
			values[name] = value
		}
	}
	return values
}

// secretNames are the variables that hold values of Secrets.
func secretNames(vars variables) []string {
	var names []string
	for name, value := range vars.values {
		if slices.Contains(vars.secret, value) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
