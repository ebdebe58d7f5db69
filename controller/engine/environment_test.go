package engine

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func yes() *bool { v := true; return &v }

func secretRef(name, key string, optional *bool) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key, Optional: optional}}
}

func configRef(name, key string, optional *bool) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key, Optional: optional}}
}

func field(path string) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
}

func amount(name, divisor string) *corev1.EnvVarSource {
	s := &corev1.ResourceFieldSelector{Resource: name}
	if divisor != "" {
		s.Divisor = resource.MustParse(divisor)
	}
	return &corev1.EnvVarSource{ResourceFieldRef: s}
}

func testReferences() References {
	return References{
		Secrets:    map[string]*corev1.Secret{"s": {Data: map[string][]byte{"token": []byte("$(A) hunter2"), "bad=name": []byte("x")}}},
		ConfigMaps: map[string]*corev1.ConfigMap{"c": {Data: map[string]string{"mode": "fast", "A": "from config map"}}},
	}
}

func TestContainerVariables(t *testing.T) {
	t.Parallel()
	c := &corev1.Container{
		Name: "c",
		EnvFrom: []corev1.EnvFromSource{
			{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "c"}}},
			{Prefix: "S_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}}},
			{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "none"}, Optional: yes()}},
		},
		Env: []corev1.EnvVar{
			{Name: "EARLY", Value: "$(LATE) $(A) $(PORT)"},
			{Name: "A", Value: "own"},
			{Name: "LATE", Value: "$(A)-$$(A)"},
			{Name: "TOKEN", ValueFrom: secretRef("s", "token", nil)},
			{Name: "MODE", ValueFrom: configRef("c", "mode", nil)},
			{Name: "ABSENT", ValueFrom: configRef("c", "none", yes())},
			{Name: "ABSENT2", ValueFrom: secretRef("none", "x", yes())},
			{Name: "NAME", ValueFrom: field("metadata.name")},
			{Name: "NAMESPACE", ValueFrom: field("metadata.namespace")},
			{Name: "LABEL", ValueFrom: field("metadata.labels['app']")},
			{Name: "NO_LABEL", ValueFrom: field("metadata.labels['none']")},
			{Name: "NOTE", ValueFrom: field("metadata.annotations['a/b']")},
			{Name: "IP", ValueFrom: field("status.podIP")},
			{Name: "CPUS", ValueFrom: amount("limits.cpu", "")},
			{Name: "MEMORY", ValueFrom: amount("limits.memory", "1Mi")},
			{Name: "ASKED", ValueFrom: amount("requests.cpu", "1m")},
			{Name: "EMPTY"},
		},
	}
	c.Resources.Limits = corev1.ResourceList{"cpu": resource.MustParse("1500m")}
	c.Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("250m")}
	d := downward{name: "p", namespace: "n", address: "127.0.0.1", labels: map[string]string{"app": "iris"}, annotations: map[string]string{"a/b": "note"}, cpus: 8, memory: 1 << 30}
	got, err := containerVariables(c, map[string]string{"PORT": "21001"}, testReferences(), d, func(_, value string) string { return value })
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"PORT": "21001", "mode": "fast", "A": "own", "S_token": "$(A) hunter2",
		"EARLY": "$(LATE) from config map 21001", "LATE": "own-$(A)", "TOKEN": "$(A) hunter2", "MODE": "fast",
		"NAME": "p", "NAMESPACE": "n", "LABEL": "iris", "NO_LABEL": "", "NOTE": "note", "IP": "127.0.0.1",
		"CPUS": "2", "MEMORY": "1024", "ASKED": "250", "EMPTY": "",
	}
	if diff := cmp.Diff(want, got.values); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := newRedactor(got.secret).hide("it said $(A) hunter2!"); text != "it said [redacted]!" {
		t.Error(text)
	}
}

func TestMissingReferencesAreNamed(t *testing.T) {
	t.Parallel()
	for want, source := range map[string]*corev1.EnvVarSource{
		`env X: Secret "none" is missing`:             secretRef("none", "k", nil),
		`env X: key "none" of Secret "s" is missing`:  secretRef("s", "none", nil),
		`env X: ConfigMap "none" is missing`:          configRef("none", "k", nil),
		`key "none" of ConfigMap "c" is missing`:      configRef("c", "none", nil),
		`fieldPath "status.phase" is not known`:       field("status.phase"),
		`resource "spec.cpu" is not known`:            amount("spec.cpu", ""),
		"valueFrom names a source that sluice does n": {},
	} {
		c := &corev1.Container{Name: "c", Env: []corev1.EnvVar{{Name: "X", ValueFrom: source}}}
		_, err := containerVariables(c, nil, testReferences(), downward{}, func(_, value string) string { return value })
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestFindProgramUsesTheGivenPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := write(t, "#!/bin/sh\n", dir, "serve")
	write(t, "", dir, "plain")
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ command, path, dir, want string }{
		{"serve", "/none:" + dir, "/", program},
		{"./serve", "", dir, program},
		{program, "", "/", program},
		{"serve", "/none:.", dir, ""},
		{"plain", dir, "/", ""},
		{"./none", "", dir, ""},
	} {
		got, err := findProgram(c.command, c.path, c.dir)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("findProgram(%q, %q, %q) = %q, %v", c.command, c.path, c.dir, got, err)
		}
	}
}

func TestStorageInheritsNoHalfOfCredentials(t *testing.T) {
	t.Parallel()
	if got := storageInherited(nil); !slices.Contains(got, "AWS_SESSION_TOKEN") || !slices.Contains(got, "HF_TOKEN") {
		t.Errorf("the user's own are missing: %v", got)
	}
	got := storageInherited(map[string]string{"AWS_ACCESS_KEY_ID": "of a Secret"})
	if slices.Contains(got, "AWS_SESSION_TOKEN") || slices.Contains(got, "AWS_PROFILE") || !slices.Contains(got, "HF_TOKEN") {
		t.Errorf("got %v", got)
	}
}
