package standalone

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// fileScheme is the storage URI scheme of paths on this machine.
const fileScheme = "file://"

// resolvePaths gives an InferenceService whose relative paths (file:// storage URIs, and the working
// directories of containers that run as processes) are absolute. On one machine a path is meant from where
// its manifest stands; the stages never see a relative one. It also gives the file:// paths named, and what
// stands at each, which the plan has to know and must not look at itself.
func resolvePaths(service *v1beta1.InferenceService, manifestDir string) (*v1beta1.InferenceService, map[string]settings.FileKind) {
	r := resolver{dir: manifestDir, files: map[string]settings.FileKind{}}
	service = service.DeepCopy()
	r.predictor(&service.Spec.Predictor)
	for i := range service.Spec.Canary {
		r.predictor(&service.Spec.Canary[i].Predictor)
	}
	if t := service.Spec.Transformer; t != nil {
		r.list(t.StorageURIs)
		r.containers(t.Containers)
	}
	if e := service.Spec.Explainer; e != nil {
		if e.ART != nil {
			e.ART.StorageURI = r.uri(e.ART.StorageURI)
		}
		r.list(e.StorageURIs)
		r.containers(e.Containers)
	}
	return service, r.files
}

// manifestDir is the absolute path of the directory that a manifest stands in.
func manifestDir(source manifest.Source) string {
	dir := filepath.Dir(source.File)
	if absolute, err := filepath.Abs(dir); err == nil {
		return absolute
	}
	return dir // sluice's own working directory has gone
}

type resolver struct {
	dir   string
	files map[string]settings.FileKind
}

func (r resolver) predictor(p *v1beta1.PredictorSpec) {
	if p.Model != nil && p.Model.StorageURI != nil {
		uri := r.uri(*p.Model.StorageURI)
		p.Model.StorageURI = &uri
	}
	r.list(p.StorageURIs)
	r.containers(p.Containers)
}

func (r resolver) list(uris []v1beta1.StorageURI) {
	for i := range uris {
		uris[i].URI = r.uri(uris[i].URI)
	}
}

func (r resolver) containers(containers []corev1.Container) {
	for i := range containers {
		c := &containers[i]
		for j := range c.Env {
			if c.Env[j].Name == v1beta1.EnvStorageURI && c.Env[j].ValueFrom == nil {
				c.Env[j].Value = r.uri(c.Env[j].Value)
			}
		}
		if c.Image == "" && !filepath.IsAbs(c.WorkingDir) {
			c.WorkingDir = filepath.Join(r.dir, c.WorkingDir)
		}
	}
}

// uri makes a path URI absolute and notes what stands there; every other URI stays as it is.
func (r resolver) uri(uri string) string {
	path, isFile := strings.CutPrefix(uri, fileScheme)
	if !isFile && !filepath.IsAbs(uri) {
		return uri
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.dir, path)
	}
	path = filepath.Clean(path)
	r.files[path] = fileKind(path)
	return fileScheme + path
}

func fileKind(path string) settings.FileKind {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return settings.Missing
	case err != nil, info.IsDir():
		return settings.Directory
	}
	return settings.Regular
}
