package standalone

import (
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// fileScheme is the storage URI scheme of paths on this machine.
const fileScheme = "file://"

// resolvePaths gives an InferenceService whose relative paths (file:// storage URIs, and the working
// directories of containers that run as processes) are absolute. On one machine a path is meant from where
// its manifest stands; the stages never see a relative one. It also gives the file:// paths named, and of
// each whether it is a regular file, which the plan has to know and must not look at itself.
func resolvePaths(service *v1beta1.InferenceService, manifestDir string) (*v1beta1.InferenceService, map[string]bool) {
	r := resolver{dir: manifestDir, regular: map[string]bool{}}
	service = service.DeepCopy()
	r.predictor(&service.Spec.Predictor)
	for i := range service.Spec.Canary {
		r.predictor(&service.Spec.Canary[i].Predictor)
	}
	if t := service.Spec.Transformer; t != nil {
		r.containers(t.Containers)
	}
	if e := service.Spec.Explainer; e != nil {
		r.containers(e.Containers)
	}
	return service, r.regular
}

type resolver struct {
	dir     string
	regular map[string]bool
}

func (r resolver) predictor(p *v1beta1.PredictorSpec) {
	if p.Model != nil && p.Model.StorageURI != nil {
		uri := r.uri(*p.Model.StorageURI)
		p.Model.StorageURI = &uri
	}
	for i := range p.StorageURIs {
		p.StorageURIs[i].URI = r.uri(p.StorageURIs[i].URI)
	}
	r.containers(p.Containers)
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
	info, err := os.Stat(path)
	r.regular[path] = err == nil && info.Mode().IsRegular()
	return fileScheme + path
}
