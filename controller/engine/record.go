package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// recordFormat is the version of the records' form. Those of another one are not read: what they name is made anew.
const recordFormat = 1

// records keep a file for each Deployment and each pod, so that a start after kill -9 goes on with them. The ledger has
// their processes. They hold what a manifest says, which others shall not read, and nothing of Secrets. They are not synced
// to the disk: they are of no use any more when the machine itself has gone down.
type records struct {
	deployments, pods string
	boot              string
	logger            *slog.Logger
}

func newRecords(dir, boot string, logger *slog.Logger) *records {
	return &records{deployments: filepath.Join(dir, "deployments"), pods: filepath.Join(dir, "replicas"), boot: boot, logger: logger}
}

// deploymentRecord is a Deployment as it was last applied.
type deploymentRecord struct {
	Format int                `json:"format"`
	Spec   *appsv1.Deployment `json:"spec"`
	// Hash and Held are the fields of the same names in [deployment].
	Hash string `json:"hash"`
	Held bool   `json:"held"`
}

// podRecord is all that is needed to go on with a pod.
type podRecord struct {
	Format int `json:"format"`
	// Boot is the machine's boot id: no process lives through the end of that boot.
	Boot string `json:"boot"`
	UID  string `json:"uid"`
	// Template is a corev1.PodTemplateSpec.
	Template json.RawMessage `json:"template"`
	// State is without messages.
	State Pod `json:"state"`
	// Served is that of [pod].
	Served bool `json:"served"`
}

func (r podRecord) key() types.NamespacedName {
	return types.NamespacedName{Namespace: r.State.Namespace, Name: r.State.Name}
}

func (r podRecord) deployment() types.NamespacedName {
	return types.NamespacedName{Namespace: r.State.Namespace, Name: r.State.Deployment}
}

// recordName is a file's name. A namespace has no "_".
func recordName(key types.NamespacedName) string { return key.Namespace + "_" + key.Name + ".json" }

func (r *records) saveDeployment(key types.NamespacedName, d deploymentRecord) error {
	d.Format = recordFormat
	return save(filepath.Join(r.deployments, recordName(key)), d)
}

func (r *records) savePod(p podRecord) error {
	p.Format, p.Boot = recordFormat, r.boot
	return save(filepath.Join(r.pods, recordName(p.key())), p)
}

// save replaces a record as a whole: a reader finds the old one or the new.
func save(name string, record any) error {
	data, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return replaceFile(name, data, 0o600)
}

func (r *records) forgetDeployment(key types.NamespacedName) {
	r.remove(filepath.Join(r.deployments, recordName(key)))
}

func (r *records) forgetPod(key types.NamespacedName) {
	r.remove(filepath.Join(r.pods, recordName(key)))
}

func (r *records) remove(name string) {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.logger.Warn("a record can't be removed", "file", name, "error", err)
	}
}

// load reads what an earlier run recorded. A record that can't be used is reported and left out.
func (r *records) load() (deployments map[types.NamespacedName]deploymentRecord, pods []podRecord, err error) {
	deployments = map[types.NamespacedName]deploymentRecord{}
	if err := r.each(r.deployments, func(data []byte) error {
		d, err := parseDeploymentRecord(data)
		if err == nil {
			deployments[types.NamespacedName{Namespace: d.Spec.Namespace, Name: d.Spec.Name}] = d
		}
		return err
	}); err != nil {
		return nil, nil, err
	}
	err = r.each(r.pods, func(data []byte) error {
		p, err := parsePodRecord(data)
		if err == nil && p.Boot == r.boot {
			pods = append(pods, p)
		}
		return err
	})
	return deployments, pods, err
}

func (r *records) each(dir string, read func([]byte) error) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the records of an earlier run: %w", err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".json") {
			continue
		}
		name := filepath.Join(dir, file.Name())
		data, err := os.ReadFile(name)
		if err == nil {
			err = read(data)
		}
		if err != nil {
			r.logger.Warn("a record of an earlier run can't be used; what it is of is made anew", "file", name, "error", err)
		}
	}
	return nil
}

func parseDeploymentRecord(data []byte) (deploymentRecord, error) {
	var d deploymentRecord
	if err := json.Unmarshal(data, &d); err != nil {
		return d, err
	}
	if d.Format != recordFormat {
		return d, fmt.Errorf("its format is %d, not %d", d.Format, recordFormat)
	}
	if d.Spec == nil || d.Spec.Name == "" || d.Hash == "" {
		return d, errors.New("it names no Deployment")
	}
	return d, nil
}

// parsePodRecord reads a record whose containers are those of its template, in the order of [Pod.Containers].
func parsePodRecord(data []byte) (podRecord, error) {
	var p podRecord
	if err := json.Unmarshal(data, &p); err != nil {
		return p, err
	}
	if p.Format != recordFormat {
		return p, fmt.Errorf("its format is %d, not %d", p.Format, recordFormat)
	}
	template, err := p.template()
	if err != nil {
		return p, err
	}
	specs := slices.Concat(template.Spec.InitContainers, template.Spec.Containers)
	same := slices.EqualFunc(specs, p.State.Containers, func(spec corev1.Container, state ContainerState) bool { return spec.Name == state.Name })
	for i := range p.State.Containers {
		same = same && p.State.Containers[i].Init == (i < len(template.Spec.InitContainers))
	}
	if p.State.Name == "" || p.State.Deployment == "" || len(template.Spec.Containers) == 0 || !same {
		return p, errors.New("it names no pod, or other containers than its template")
	}
	return p, nil
}

func (r podRecord) template() (template corev1.PodTemplateSpec, err error) {
	err = json.Unmarshal(r.Template, &template)
	return template, err
}

// withoutMessages is what of a pod's state is recorded: its messages change often, and the next run finds its own.
func withoutMessages(state Pod) Pod {
	for i := range state.Containers {
		state.Containers[i].Message = ""
	}
	// As they are read again.
	state.CreatedAt, state.ReadySince = recordTime(state.CreatedAt), recordTime(state.ReadySince)
	for i := range state.Containers {
		state.Containers[i].StartedAt = recordTime(state.Containers[i].StartedAt)
	}
	return state
}

func recordTime(t time.Time) time.Time { return t.Round(0) }
