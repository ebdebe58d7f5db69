package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// A command line is read by every user of the machine, with ps.
func TestSecretOnACommandLineIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*corev1.Container)
		want   string
	}{
		"argument": {func(c *corev1.Container) { c.Args = []string{"--port=1", "--token=$(TOKEN)"} }, `container main: args[1]: $(TOKEN) would put the value of key "token" of Secret "s"`},
		"command":  {func(c *corev1.Container) { c.Command = []string{"sh", "-c", "echo $(TOKEN)"} }, `container main: command[2]: $(TOKEN)`},
		"part of another": {func(c *corev1.Container) {
			c.Env = append(c.Env, corev1.EnvVar{Name: "URL", Value: "http://u:$(TOKEN)@host"})
			c.Args = []string{"$(URL)"}
		}, `container main: args[0]: $(URL) would put the value of key "token" of Secret "s"`},
		"all keys of a Secret": {func(c *corev1.Container) {
			c.EnvFrom = []corev1.EnvFromSource{{Prefix: "S_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}}}}
			c.Args = []string{"$(S_token)"}
		}, `container main: args[0]: $(S_token)`},
		"path":    {func(c *corev1.Container) { c.VolumeMounts[0].SubPathExpr = "a/$(TOKEN)" }, "container main: volumeMounts[0].subPathExpr: $(TOKEN)"},
		"escaped": {func(c *corev1.Container) { c.Args = []string{"$$(TOKEN)"} }, ""},
		"overridden": {func(c *corev1.Container) {
			c.Env = append(c.Env, corev1.EnvVar{Name: "TOKEN", Value: "plain"})
			c.Args = []string{"$(TOKEN)"}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			r.Apply(shell("m", "exec sleep 3600", withSecret, func(d *appsv1.Deployment) {
				spec := &d.Spec.Template.Spec.Containers[0]
				spec.ReadinessProbe = execProbe("true")
				c.change(spec)
			}), secretReferences())
			if c.want == "" {
				r.untilReady("m", 1)
				return
			}
			state := r.first("a reason", func(s ContainerState) bool { return s.Reason == ReasonCreateContainerConfig })
			if !strings.Contains(state.Message, c.want) || strings.Contains(state.Message, "hush") || !strings.Contains(state.Message, "mount the Secret") {
				t.Errorf("%s, want %s", state.Message, c.want)
			}
		})
	}
}

// A container engine's client is given Secrets by its environment, or by a file where it needs the name itself.
func TestContainerEngineIsToldNoSecretOnItsCommandLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	podman := write(t, `#!/bin/sh
case $1 in run) ;; *) exit 0;; esac
echo "$@" > `+calls+`; echo "TOKEN $TOKEN" >> `+calls+`
while [ $# -gt 0 ]; do [ "$1" = --env-file ] && stat -c %a "$2" >> `+calls+` && cat "$2" >> `+calls+`; shift; done
exec sleep 3600
`, dir, "podman")
	if err := os.Chmod(podman, 0o700); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(o *Options) { o.ContainerEngine = podman })
	r.Apply(newTestDeployment("m", "", func(d *appsv1.Deployment) {
		d.Spec.Template.Annotations = map[string]string{"local.sluice.dev/main": "container"}
		d.Spec.Template.Spec.Containers[0] = corev1.Container{Name: "main", Image: "example/server:1", Env: []corev1.EnvVar{{Name: "HOSTNAME", ValueFrom: secretRef("s", "token", nil)}}}
		withSecret(d)
	}), secretReferences())
	r.poll("the call", func() bool { return strings.Contains(logText(calls), "HOSTNAME=") })
	line, rest, _ := strings.Cut(logText(calls), "\n")
	if strings.Contains(line, "hush") || !strings.Contains(line, "--env TOKEN") || strings.Contains(line, "--env HOSTNAME") {
		t.Errorf("command line %s", line)
	}
	if want := "TOKEN hush-argument\n600\nHOSTNAME=hush-argument\n"; rest != want {
		t.Errorf("%q, want %q", rest, want)
	}
}
