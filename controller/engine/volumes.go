package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/host/disk"
)

// volumes makes a pod's volumes real: directories and files of this machine.
type volumes struct {
	// dir is the pod's own directory.
	dir  string
	spec []corev1.Volume
	refs References
}

// mountsOf resolves a container's volumeMounts, making what the volumes need. lookup expands subPathExpr.
func (v volumes) mountsOf(c *corev1.Container, lookup func(string) (string, bool)) ([]mount, error) {
	var out []mount
	for _, vm := range c.VolumeMounts {
		if vm.MountPath == "/dev/shm" { // this machine's own serves
			continue
		}
		source, err := v.source(vm.Name)
		if err != nil {
			return nil, err
		}
		sub := vm.SubPath
		if vm.SubPathExpr != "" {
			sub = expand(vm.SubPathExpr, lookup)
		}
		real, err := withinVolume(source, sub)
		if err != nil {
			return nil, configError("container %s: volumeMount %s: %v", c.Name, vm.Name, err)
		}
		info, err := os.Stat(real)
		if err != nil {
			return nil, configError("container %s: volumeMount %s: %v", c.Name, vm.Name, err)
		}
		out = append(out, mount{path: path.Clean("/" + vm.MountPath), real: real, file: !info.IsDir(), readOnly: vm.ReadOnly})
	}
	return out, nil
}

// withinVolume is the part of a volume that subPath names; a directory that is missing is made, as on a cluster.
func withinVolume(source, sub string) (string, error) {
	if sub == "" {
		return source, nil
	}
	if !filepath.IsLocal(sub) {
		return "", fmt.Errorf("subPath %q leads out of the volume", sub)
	}
	real := filepath.Join(source, sub)
	if _, err := os.Stat(real); errors.Is(err, fs.ErrNotExist) {
		return real, os.MkdirAll(real, 0o755)
	}
	return real, nil
}

// source makes one volume and gives its directory (or, for a hostPath, perhaps a file).
func (v volumes) source(name string) (string, error) {
	for i := range v.spec {
		if volume := &v.spec[i]; volume.Name == name {
			real, err := v.make(volume)
			if err != nil {
				return "", configError("volume %s: %v", name, err)
			}
			return real, nil
		}
	}
	return "", configError("volume %s is mounted but not declared in the pod's volumes", name)
}

// own is the directory of a volume that is made for the pod.
func (v volumes) own(name string) string { return filepath.Join(v.dir, "volumes", name) }

func (v volumes) make(volume *corev1.Volume) (string, error) {
	own := v.own(volume.Name)
	switch {
	case volume.HostPath != nil:
		return hostPath(volume.HostPath)
	case volume.PersistentVolumeClaim != nil:
		name := volume.PersistentVolumeClaim.ClaimName
		dir, ok := v.refs.Claims[name]
		if !ok {
			return "", fmt.Errorf("PersistentVolumeClaim %q is missing: add it beside the manifest", name)
		}
		return dir, os.MkdirAll(dir, 0o755)
	case volume.Secret != nil:
		s := volume.Secret
		object, ok := v.refs.Secrets[s.SecretName]
		if !ok {
			return own, errors.Join(missing("Secret", s.SecretName, s.Optional), os.MkdirAll(own, 0o700))
		}
		return own, writeKeys(own, object.Data, s.Items, s.Optional, 0o600)
	case volume.ConfigMap != nil:
		m := volume.ConfigMap
		object, ok := v.refs.ConfigMaps[m.Name]
		if !ok {
			return own, errors.Join(missing("ConfigMap", m.Name, m.Optional), os.MkdirAll(own, 0o755))
		}
		return own, writeKeys(own, configMapBytes(object), m.Items, m.Optional, 0o644)
	case volume.EmptyDir != nil, volume.VolumeSource == (corev1.VolumeSource{}):
		return own, os.MkdirAll(own, 0o755)
	}
	return "", errors.New("its kind can't be had on one machine: use emptyDir, hostPath, persistentVolumeClaim, secret or configMap")
}

func configMapBytes(m *corev1.ConfigMap) map[string][]byte {
	out := map[string][]byte{}
	for key, value := range m.Data {
		out[key] = []byte(value)
	}
	for key, value := range m.BinaryData {
		out[key] = value
	}
	return out
}

// writeKeys writes keys as files, all or those in items. Each file is replaced whole, so that a running reader never sees half.
func writeKeys(dir string, data map[string][]byte, items []corev1.KeyToPath, optional *bool, mode os.FileMode) error {
	if len(items) == 0 {
		for key := range data {
			items = append(items, corev1.KeyToPath{Key: key, Path: key})
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, item := range items {
		value, ok := data[item.Key]
		if !ok {
			if optional != nil && *optional {
				continue
			}
			return fmt.Errorf("key %q is missing", item.Key)
		}
		if !filepath.IsLocal(item.Path) {
			return fmt.Errorf("items: path %q leads out of the volume", item.Path)
		}
		if err := replaceFile(filepath.Join(dir, item.Path), value, mode); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile also makes the file's directory.
func replaceFile(name string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return disk.Replace(name, data, mode)
}

// hostPath checks the path as its type asks. An absent path without a type is an error: a model that isn't there should be
// said here, not by the model server.
func hostPath(source *corev1.HostPathVolumeSource) (string, error) {
	kind := corev1.HostPathUnset
	if source.Type != nil {
		kind = *source.Type
	}
	switch kind {
	case corev1.HostPathDirectoryOrCreate:
		return source.Path, os.MkdirAll(source.Path, 0o755)
	case corev1.HostPathFileOrCreate:
		f, err := os.OpenFile(source.Path, os.O_CREATE|os.O_RDONLY, 0o644)
		if err != nil {
			return "", err
		}
		return source.Path, f.Close()
	}
	info, err := os.Stat(source.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("hostPath %s does not exist on this machine", source.Path)
	case err != nil:
		return "", fmt.Errorf("hostPath: %w", err)
	case kind == corev1.HostPathDirectory && !info.IsDir():
		return "", fmt.Errorf("hostPath %s is a file, and its type asks for a directory", source.Path)
	case kind == corev1.HostPathFile && info.IsDir():
		return "", fmt.Errorf("hostPath %s is a directory, and its type asks for a file", source.Path)
	}
	return source.Path, nil
}

// makeViews makes the directories of links that planMounts asked for, anew.
func makeViews(root string, views []viewDir) error {
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	inner := map[string]bool{}
	for _, v := range views {
		inner[v.dir] = true
	}
	for _, v := range views {
		if err := os.MkdirAll(v.dir, 0o755); err != nil {
			return err
		}
		links := maps.Clone(v.links)
		entries, err := os.ReadDir(v.base)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, entry := range entries {
			name := entry.Name()
			if _, taken := links[name]; !taken && !inner[filepath.Join(v.dir, name)] {
				links[name] = filepath.Join(v.base, name)
			}
		}
		for name, real := range links {
			if err := os.Symlink(real, filepath.Join(v.dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
