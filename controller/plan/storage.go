package plan

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// volumeClaim is the name that KServe gives the volume of a pvc:// URI.
const volumeClaim = "kserve-pvc-source"

// volumeLocal is the name of the volume of a local file or directory.
const volumeLocal = "model"

// mount is one storage URI's volume and where it appears.
type mount struct {
	volume corev1.Volume
	mount  corev1.VolumeMount
}

// source is one storage URI of a component.
type source struct {
	uri string
	// at is where its files appear in the container.
	at string
	// field is where the URI stands in the manifest, for messages.
	field string
}

// sources are all storage URIs of a component: the model's own first.
func (d *draft) sources() []source {
	var out []source
	if d.storageURI != "" {
		out = append(out, source{uri: d.storageURI, at: v1beta1.DefaultModelMountPath, field: d.storageField})
	}
	for i, given := range d.storageURIs {
		out = append(out, source{
			uri: given.URI, at: cmp.Or(given.MountPath, v1beta1.DefaultModelMountPath),
			field: fmt.Sprintf("%s.storageUris[%d].uri", d.path, i),
		})
	}
	return out
}

// mountModel makes the model's files appear in the serving container, and in a transformer beside it.
func (s *scene) mountModel(d *draft, meta *metav1.ObjectMeta) error {
	sources := d.sources()
	if len(sources) == 0 {
		return s.withoutStorage(d)
	}
	var fetched []source
	for i, from := range sources {
		m, err := s.mount(d, from, i)
		if err != nil {
			return err
		}
		if m == nil && s.settings.Local != nil {
			fetched = append(fetched, from)
			continue
		}
		if m == nil {
			s.leaveToInitializer(d, from.uri, meta)
			continue
		}
		s.noteModelDigest(d, m.volume.HostPath, meta)
		s.showModel(d, *m)
	}
	return s.fetch(d, fetched)
}

// showModel mounts a volume with model files where they are read.
func (s *scene) showModel(d *draft, m mount) {
	m.mount.ReadOnly = s.service.Annotations[v1beta1.AnnotationStorageReadonly] != "false"
	d.pod.Volumes = append(d.pod.Volumes, m.volume)
	for j := range d.pod.Containers {
		c := &d.pod.Containers[j]
		if c.Name == v1beta1.ContainerServing || c.Name == v1beta1.ContainerTransformer {
			c.VolumeMounts = append(slices.Clone(c.VolumeMounts), m.mount)
		}
	}
}

// annotationModelDigest makes other files under the same path another revision. On a cluster a model's files are fetched
// when its pod starts, and nobody looks at them again.
const annotationModelDigest = "sluice.dev/model-digest"

// noteModelDigest writes the version of the bundled runtime's model into its pod template. Other servers may look at their
// files by themselves, or write to them.
func (s *scene) noteModelDigest(d *draft, at *corev1.HostPathVolumeSource, meta *metav1.ObjectMeta) {
	if !d.bundled || at == nil || s.settings.Local == nil {
		return
	}
	if digest := s.settings.Local.ModelDigests[at.Path]; digest != "" {
		meta.Annotations = mergeMaps(meta.Annotations, map[string]string{annotationModelDigest: digest})
	}
}

// withoutStorage decides about a model that says nowhere where its files are.
func (s *scene) withoutStorage(d *draft) error {
	if d.hasModel && d.bundled {
		return refused(ReasonStorageMissing, "%s.model has no storageUri: say where the model's files are, for example file:///models/iris", d.path)
	}
	if d.hasModel && !d.readsNoFiles {
		d.notApplied = append(d.notApplied, d.path+".model without storage (KServe makes it a server that TrainedModels share, which isn't done here: "+
			"the server is given no model; set storageUri)")
	}
	return nil
}

// leaveToInitializer passes a URI on as KServe does: its pod webhook reads the annotation and adds the init container.
func (s *scene) leaveToInitializer(d *draft, uri string, meta *metav1.ObjectMeta) {
	meta.Annotations = mergeMaps(meta.Annotations, map[string]string{v1beta1.AnnotationStorageSourceURI: uri})
	scheme, _, _ := strings.Cut(uri, "://")
	d.notApplied = append(d.notApplied, d.path+" storage by "+scheme+":// (only pvc:// is mounted; nothing fetches others unless KServe's storage initializer webhook runs)")
}

// mount gives the volume of a URI, or nil for one that an init container has to fetch.
func (s *scene) mount(d *draft, from source, index int) (*mount, error) {
	uri := from.uri
	scheme, rest, _ := strings.Cut(uri, "://")
	switch {
	case strings.HasPrefix(uri, "pvc://"):
		return claim(d, rest, from.at, index)
	case s.settings.Local == nil && fetchable(uri):
		return nil, nil
	case s.settings.Local == nil:
		return nil, refused(ReasonStorageNotSupported, "%s: nothing fetches the storage URI's scheme %q: use one of %s",
			d.path, scheme, strings.Join(fetchedSchemes(), ", "))
	case scheme == "file" && strings.HasPrefix(rest, "/"):
		return s.hostPath(from, rest, index)
	case strings.HasPrefix(uri, "/"):
		return s.hostPath(from, uri, index)
	case !strings.Contains(uri, "://"):
		return nil, refused(ReasonStorageNotSupported,
			"%s: %q has no scheme: write %s for a path that is meant from where the manifest stands, or file:///absolute/path",
			from.field, uri, relativeURI(uri))
	case scheme == "file":
		return nil, refused(ReasonStorageNotSupported, "%s: storage URI %q is not absolute: write file:///absolute/path", d.path, uri)
	case slices.Contains(fetchedHere(), scheme):
		return nil, nil
	}
	return nil, refused(ReasonStorageNotSupported,
		"%s: the storage URI's scheme %q isn't fetched on one machine: use one of %s, or fetch the files and use file:///absolute/path",
		d.path, scheme, strings.Join(fetchedHere(), ", "))
}

// relativeURI is the file URI of a relative path.
func relativeURI(file string) string {
	file = path.Clean(file)
	if !strings.HasPrefix(file, "../") && file != ".." {
		file = "./" + file
	}
	return "file://" + file
}

// fetchedSchemes are those that KServe's storage initializer fetches.
func fetchedSchemes() []string {
	return []string{"gs", "s3", "file", "https", "http", "hdfs", "webhdfs", "oci", "oci+native", "oci+fetch", "hf", "modelscope", "pvc"}
}

// fetchable says that the storage initializer takes a URI; one without a scheme is a path in its image.
func fetchable(uri string) bool {
	scheme, _, found := strings.Cut(uri, "://")
	return !found || slices.Contains(fetchedSchemes(), scheme)
}

func claim(d *draft, rest, at string, index int) (*mount, error) {
	name, sub, _ := strings.Cut(rest, "/")
	if name == "" {
		return nil, invalid("%s: storage URI pvc://%s names no claim: write pvc://claim/path", d.path, rest)
	}
	for _, element := range strings.Split(sub, "/") {
		if element == ".." {
			return nil, invalid("%s: storage URI pvc://%s leaves its claim by \"..\"", d.path, rest)
		}
	}
	volume := numbered(volumeClaim, index)
	return &mount{
		volume: corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
		}},
		mount: corev1.VolumeMount{Name: volume, MountPath: at, SubPath: strings.Trim(sub, "/")},
	}, nil
}

// hostPath mounts a directory at the mount path, and a file under its own name in it.
func (s *scene) hostPath(from source, file string, index int) (*mount, error) {
	file = path.Clean(file)
	if file == "/" {
		return nil, invalid("%s names the root directory: name the model's directory or file", from.field)
	}
	kind, at := corev1.HostPathDirectory, from.at
	switch s.settings.Local.FileURIs[file] {
	case settings.Missing:
		return nil, &problem{
			reason:  ReasonStorageNotFound,
			message: fmt.Sprintf("%s: %s does not exist on this machine: put the model there, or correct the path", from.field, file),
			failure: v1beta1.FailureModelLoadFailed,
		}
	case settings.Regular:
		kind = corev1.HostPathFile
		at = path.Join(at, path.Base(file))
	}
	volume := numbered(volumeLocal, index)
	return &mount{
		volume: corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{
			HostPath: &corev1.HostPathVolumeSource{Path: file, Type: &kind},
		}},
		mount: corev1.VolumeMount{Name: volume, MountPath: at},
	}, nil
}

func numbered(name string, index int) string {
	if index == 0 {
		return name
	}
	return fmt.Sprintf("%s-%d", name, index)
}
