package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// launch is one container made ready to start.
type launch struct {
	command command
	probes  probeTarget
	// served are the ports on which the container is to listen, declared → real.
	served portMap
	// isolated is true in a container engine: what listens there can't be seen from here.
	isolated bool
	// names are put into messages in place of made up paths.
	names pathNames
}

// prepare evaluates a container's template with what its references hold now. It may take long: Python packages are
// installed here.
func (c *container) prepare(ctx context.Context) (launch, error) {
	placement, err := placementOf(c.spec, c.pod.template.Annotations, c.pod.host.options.ContainerEngine)
	if err != nil {
		return launch{}, err
	}
	refs, _ := c.pod.refs.get()
	served := servedPorts(c.spec, &c.pod.template.Spec)
	ports, err := c.pod.currentPorts(served)
	if err != nil {
		return launch{}, &reasonError{ReasonStartError, err.Error()}
	}
	l := launch{served: portMap{}}
	for _, p := range served {
		l.served[p.ContainerPort] = ports[p.ContainerPort]
	}
	if placement == PlacementContainer {
		err = c.prepareContainer(&l, refs, ports)
	} else {
		err = c.prepareProcess(ctx, &l, refs, ports, listenVariables(c.pod.host.options.Listen, served, ports))
	}
	// Beside the values as the environment has them, which may have been rewritten.
	c.secrets = append(c.secrets, secretsOf(c.spec, c.pod.template.Spec.Volumes, refs)...)
	l.command.logFile = c.logFile()
	l.command.mark = c.pod.mark()
	l.command.env = append(l.command.env, l.command.mark)
	return l, err
}

func (c *container) prepareProcess(ctx context.Context, l *launch, refs References, ports portMap, given map[string]string) error {
	vars, err := containerVariables(c.spec, given, refs, c.pod.downward(), ports.rewriteEnv)
	c.secrets = vars.secret
	if err := errors.Join(err, vars.refuseExposed(c.spec)); err != nil {
		return err
	}
	// Arguments are expanded before mount paths are rewritten: a path must not be rewritten twice.
	args := ports.rewriteArgs(expandAll(slices.Concat(c.spec.Command, c.spec.Args), vars.values))
	table, names, err := c.makeMounts(refs, vars)
	if err != nil {
		return err
	}
	l.names = names
	for i := range args {
		args[i] = table.rewriteText(args[i])
	}
	env := c.base(args[0], vars)
	for name, value := range vars.values {
		env[name] = table.rewriteText(value)
	}
	if err := c.addRequirements(ctx, env); err != nil {
		return err
	}
	dir := cmp.Or(table.rewriteText(c.spec.WorkingDir), c.pod.host.options.WorkDir, c.pod.dir)
	program, err := c.program(args[0], env["PATH"], dir)
	if err != nil {
		return &reasonError{ReasonStartError, fmt.Sprintf("container %s: %v", c.spec.Name, err)}
	}
	e := c.entry()
	e.Dir, e.Secrets = dir, secretNames(vars)
	for _, name := range names {
		e.Names = append(e.Names, [2]string{name.from, name.to})
	}
	l.command = command{path: program, args: args, dir: dir, env: environ(env), entry: e}
	l.probes = probeTarget{container: c.spec, address: c.pod.host.options.Listen, ports: ports, hide: c.hide, execute: executeIn(append(environ(env), c.pod.mark()), env["PATH"], dir, c.hide)}
	return nil
}

func (c *container) entry() entry {
	return entry{Namespace: c.pod.namespace, Pod: c.pod.name, Container: c.spec.Name}
}

// base is the environment before the pod's own; sluice's own runtime gets a few names more.
func (c *container) base(program string, vars variables) map[string]string {
	var extra []string
	if program == OwnCommand {
		extra = ownInherited()
	}
	if c.downloads() {
		extra = append(extra, storageInherited(vars.values)...)
	}
	return baseVariables(os.LookupEnv, extra, filepath.Join(c.pod.dir, "tmp"), c.pod.name)
}

func (c *container) program(name, path, dir string) (string, error) {
	if name == OwnCommand && c.pod.host.options.Self != "" {
		return c.pod.host.options.Self, nil
	}
	return findProgram(name, path, dir)
}

// makeMounts makes the container's volumes and views.
func (c *container) makeMounts(refs References, vars variables) (mountTable, pathNames, error) {
	mounts, err := c.volumes(refs).mountsOf(c.spec, lookupIn(vars.values))
	if err != nil {
		return nil, nil, err
	}
	root := filepath.Join(c.pod.dir, "view", c.spec.Name)
	table, views := planMounts(root, mounts)
	if err := makeViews(root, views); err != nil {
		return nil, nil, configError("container %s: mounts: %v", c.spec.Name, err)
	}
	return table, namesOf(root, mounts), nil
}

func (c *container) volumes(refs References) volumes {
	return volumes{dir: c.pod.dir, spec: c.pod.template.Spec.Volumes, refs: refs}
}

// addRequirements puts the pod's Python packages first on the PATH, installing them if need be.
func (c *container) addRequirements(ctx context.Context, env map[string]string) error {
	text := c.pod.template.Annotations[AnnotationRequirements]
	if strings.TrimSpace(text) == "" {
		return nil
	}
	requirements, err := parseRequirements(text)
	if err != nil {
		return &reasonError{ReasonRequirementsNotInstalled, err.Error()}
	}
	environments, err := newPythonEnvironments(os.LookupEnv)
	if err != nil {
		return &reasonError{ReasonRequirementsNotInstalled, err.Error()}
	}
	if err := c.rotateLog(); err != nil {
		return err
	}
	log, err := os.OpenFile(c.logFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer log.Close()
	environments.env = append(environments.env, c.pod.mark())
	c.set(func(s *ContainerState) {
		s.State, s.Reason = StateWaiting, ReasonInstallingRequirements
		s.Message = "installing " + strings.Join(requirements, ", ") + "; progress is in the log"
	})
	venv, err := environments.ensure(ctx, requirements, log)
	if err != nil {
		return &reasonError{ReasonRequirementsNotInstalled, fmt.Sprintf("installing %s: %v; see the log", strings.Join(requirements, ", "), err)}
	}
	env["VIRTUAL_ENV"] = venv
	env["PATH"] = filepath.Join(venv, "bin") + ":" + env["PATH"]
	return nil
}

// prepareContainer gives the container engine's command. Inside, ports and paths are the declared ones.
func (c *container) prepareContainer(l *launch, refs References, ports portMap) error {
	asIs := func(_, value string) string { return value }
	vars, err := containerVariables(c.spec, nil, refs, c.pod.downward(), asIs)
	c.secrets = vars.secret
	if err := errors.Join(err, vars.refuseExposed(c.spec)); err != nil {
		return err
	}
	mounts, err := c.volumes(refs).mountsOf(c.spec, lookupIn(vars.values))
	if err != nil {
		return err
	}
	options := c.pod.host.options
	client := baseVariables(os.LookupEnv, engineInherited(), filepath.Join(c.pod.dir, "tmp"), c.pod.name)
	r := containerRun{
		engine: options.ContainerEngine, name: "sluice-" + c.pod.namespace + "-" + c.pod.name + "-" + c.spec.Name,
		container: c.spec, address: options.Listen, ports: l.served, mounts: mounts, variables: vars.values, client: client,
		command: expandAll(c.spec.Command, vars.values), args: expandAll(c.spec.Args, vars.values),
	}
	if err := c.writeEnvFile(&r, vars); err != nil {
		return err
	}
	program, err := findProgram(r.engine, client["PATH"], "/")
	if err != nil {
		return notRunnable(c.spec, err.Error())
	}
	r.engine = program
	l.isolated = true
	e := c.entry()
	e.Engine, e.EngineName = r.engine, r.name
	e.Dir, e.Secrets = c.pod.dir, secretNames(vars)
	l.command = command{path: program, args: append([]string{program}, r.arguments()...), dir: c.pod.dir, env: environ(r.environment()), entry: e}
	inside := executeIn(environ(client), client["PATH"], c.pod.dir, c.hide)
	l.probes = probeTarget{container: c.spec, address: options.Listen, ports: maps.Clone(ports), hide: c.hide, execute: func(ctx context.Context, args []string) error {
		return inside(ctx, append([]string{program}, r.execArguments(args)...))
	}}
	return nil
}

// probesOf gives the probes that the container is to be watched by; readiness is never nil if the container listens on a
// port: without a probe of its own it is ready when its first port accepts connections, so that no request is sent to a
// process that is still starting.
func (l launch) probesOf(c *corev1.Container) (startup, readiness, liveness *probe, err error) {
	for _, p := range []struct {
		spec *corev1.Probe
		to   **probe
	}{{c.StartupProbe, &startup}, {c.ReadinessProbe, &readiness}, {c.LivenessProbe, &liveness}} {
		if p.spec == nil {
			continue
		}
		check, err := l.probes.checkOf(p.spec.ProbeHandler)
		if err != nil {
			return nil, nil, nil, err
		}
		*p.to = newProbe(p.spec, check)
	}
	if readiness == nil && len(l.served) > 0 {
		first := firstPort(c)
		readiness = newProbe(&corev1.Probe{}, tcpCheck(l.probes.join("", l.served[first])))
	}
	return startup, readiness, liveness, nil
}
