package engine

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

const (
	// leastSecret is how long a Secret's value has to be, in bytes, for messages to hide it: replacing shorter ones would make
	// any text unreadable and tell more about them than it hides.
	leastSecret = 4
	// leastSecretLine is the same for one line of a value of several, and for what stands behind "=" or ":" in it. It is longer,
	// since such values have lines that are no secret and occur everywhere, such as "{", "true" and "default"; what is
	// left of a key or certificate in its last line is not worth more.
	leastSecretLine = 8
)

// redactor takes the values of Secrets out of messages.
type redactor struct{ replacer *strings.Replacer }

// newRedactor hides the given values, and what a log shows of one of several lines: those lines, and the values in them.
func newRedactor(values []string) redactor {
	var hidden []string
	for _, value := range values {
		hidden = append(hidden, atLeast(leastSecret, value, strings.TrimSpace(value))...)
		lines := strings.Split(strings.TrimSpace(value), "\n")
		if len(lines) < 2 {
			continue
		}
		for _, line := range lines {
			hidden = append(hidden, atLeast(leastSecretLine, append(assigned(line), strings.TrimSpace(line))...)...)
		}
	}
	// The longest first: where one value holds another, nothing of the longer one is to stay.
	slices.SortFunc(hidden, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, text := range slices.Compact(hidden) {
		pairs = append(pairs, text, "[redacted]")
	}
	return redactor{strings.NewReplacer(pairs...)}
}

func (r redactor) hide(text string) string { return r.replacer.Replace(text) }

func atLeast(length int, texts ...string) []string {
	return slices.DeleteFunc(texts, func(text string) bool { return len(text) < length })
}

// assigned is what a line of an INI, YAML or JSON file or a file of variables gives to a name.
func assigned(line string) []string {
	i := strings.IndexAny(line, "=:")
	if i < 0 {
		return nil
	}
	return []string{strings.Trim(line[i+1:], " \t\r\"',;")}
}

// secretsOf are the values of Secrets that a container's template asks for, in its environment and as files.
func secretsOf(c *corev1.Container, volumes []corev1.Volume, refs References) []string {
	var values []string
	add := func(name string, keys ...string) {
		if object := refs.Secrets[name]; object != nil {
			for key, value := range object.Data {
				if len(keys) == 0 || slices.Contains(keys, key) {
					values = append(values, string(value))
				}
			}
		}
	}
	for _, source := range c.EnvFrom {
		if source.SecretRef != nil {
			add(source.SecretRef.Name)
		}
	}
	for _, e := range c.Env {
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			add(e.ValueFrom.SecretKeyRef.Name, e.ValueFrom.SecretKeyRef.Key)
		}
	}
	for _, volume := range mountedSecrets(c, volumes) {
		add(volume.Secret.SecretName)
	}
	return values
}

func mountedSecrets(c *corev1.Container, volumes []corev1.Volume) []corev1.Volume {
	return slices.DeleteFunc(slices.Clone(volumes), func(v corev1.Volume) bool {
		return v.Secret == nil || !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == v.Name })
	})
}

// secretFiles are the contents of the files that a container's Secrets were written to when it was started.
func (c *container) secretFiles() []string {
	var values []string
	for _, volume := range mountedSecrets(c.spec, c.pod.template.Spec.Volumes) {
		dir := c.volumes(References{}).own(volume.Name)
		_ = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error { // without a file there is nothing to hide
			if err == nil && entry.Type().IsRegular() {
				if data, err := os.ReadFile(path); err == nil {
					values = append(values, string(data))
				}
			}
			return nil
		})
	}
	return values
}

// hide takes out of a text the values of Secrets that the container was started with, and those that it would be started
// with now.
func (c *container) hide(text string) string {
	refs, _ := c.pod.refs.get()
	return newRedactor(slices.Concat(c.secrets, secretsOf(c.spec, c.pod.template.Spec.Volumes, refs))).hide(text)
}
