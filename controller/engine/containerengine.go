package engine

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// containerRun is all that a container engine's command line says.
type containerRun struct {
	// engine is the path of podman, docker or nerdctl; name is the container's, unique on the machine.
	engine, name string
	container    *corev1.Container
	address      string
	ports        portMap
	mounts       []mount
	variables    map[string]string
	// client is the environment of the engine's client itself.
	client map[string]string
	// envFile is a file with those variables that are hidden, "" without any.
	envFile string
	hidden  map[string]bool
	// command and args are expanded.
	command, args []string
}

// arguments is the command line without the engine itself. Values of variables are not on it, where every user of the
// machine could read them: --env NAME takes the value from the client's environment. Only a name that the client needs for
// itself, such as PATH, is given with its value, or in a file if that is a Secret's.
func (r containerRun) arguments() []string {
	c := r.container
	args := []string{"run", "--rm", "--name", r.name}
	for _, declared := range slices.Sorted(maps.Keys(r.ports)) {
		args = append(args, "-p", fmt.Sprintf("%s:%d:%d", r.address, r.ports[declared], declared))
	}
	for _, m := range r.mounts {
		volume := m.real + ":" + m.path
		if m.readOnly {
			volume += ":ro"
		}
		args = append(args, "-v", volume)
	}
	if r.envFile != "" {
		args = append(args, "--env-file", r.envFile)
	}
	for _, name := range slices.Sorted(maps.Keys(r.variables)) {
		if r.hidden[name] {
			continue
		}
		if value, taken := r.client[name]; taken && value != r.variables[name] {
			name += "=" + r.variables[name]
		}
		args = append(args, "--env", name)
	}
	if c.WorkingDir != "" {
		args = append(args, "--workdir", c.WorkingDir)
	}
	args = append(args, pullArguments(c)...)
	args = append(args, limitArguments(c)...)
	if s := c.SecurityContext; s != nil && s.RunAsUser != nil {
		args = append(args, "--user", strconv.FormatInt(*s.RunAsUser, 10))
	}
	rest := r.args
	if len(r.command) > 0 {
		args = append(args, "--entrypoint", r.command[0])
		rest = slices.Concat(r.command[1:], r.args)
	}
	return slices.Concat(args, []string{c.Image}, rest)
}

// writeEnvFile writes the Secrets that go by names which the client needs for itself, for the client alone to read.
func (c *container) writeEnvFile(r *containerRun, vars variables) error {
	r.hidden = map[string]bool{}
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(vars.origin)) {
		value := vars.values[name]
		if own, taken := r.client[name]; !taken || own == value {
			continue
		}
		if strings.ContainsAny(value, "\r\n") {
			return configError("container %s: env %s: the container engine needs the variable itself, and takes no value of several lines beside it: "+
				"give %s another name, or mount the Secret", c.spec.Name, name, vars.origin[name])
		}
		r.hidden[name] = true
		fmt.Fprintf(&lines, "%s=%s\n", name, value)
	}
	if lines.Len() == 0 {
		return nil
	}
	r.envFile = filepath.Join(c.pod.dir, "envfile", c.spec.Name)
	if err := replaceFile(r.envFile, []byte(lines.String()), 0o600); err != nil {
		return &reasonError{ReasonStartError, fmt.Sprintf("write the container's environment: %v", err)}
	}
	return nil
}

func pullArguments(c *corev1.Container) []string {
	switch c.ImagePullPolicy {
	case corev1.PullAlways:
		return []string{"--pull", "always"}
	case corev1.PullNever:
		return []string{"--pull", "never"}
	}
	return nil // an image that is here already is used, which is the engines' own default
}

func limitArguments(c *corev1.Container) []string {
	var args []string
	if cpu := c.Resources.Limits.Cpu(); !cpu.IsZero() {
		args = append(args, "--cpus", strconv.FormatFloat(cpu.AsApproximateFloat64(), 'f', -1, 64))
	}
	if memory := c.Resources.Limits.Memory(); !memory.IsZero() {
		args = append(args, "--memory", strconv.FormatInt(memory.Value(), 10))
	}
	if gpus, ok := c.Resources.Limits["nvidia.com/gpu"]; ok && !gpus.IsZero() {
		args = append(args, "--gpus", gpus.String())
	}
	return args
}

// environment is the client's own with the container's values added, where they don't take the place of the client's.
func (r containerRun) environment() map[string]string {
	env := maps.Clone(r.variables)
	if env == nil {
		env = map[string]string{}
	}
	maps.Copy(env, r.client)
	return env
}

// execArguments is the command line of a probe's command in the running container.
func (r containerRun) execArguments(args []string) []string {
	return append([]string{"exec", r.name}, args...)
}

// engineInherited are the variables that a container engine's client finds its engine by.
func engineInherited() []string {
	return []string{"DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "CONTAINER_HOST", "CONTAINERD_ADDRESS", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"}
}

// removeContainer ends and removes a container of a container engine; one that is not there is fine.
func removeContainer(ctx context.Context, engine, name string) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_ = exec.CommandContext(ctx, engine, "rm", "--force", name).Run() // fails when it has gone already
}
