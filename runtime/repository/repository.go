package repository

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sort"
	"strings"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
)

// Repository is the models of a server, by name, each with its versions. The
// set never changes; what changes is the state of each model.
type Repository struct {
	names    []string                  // sorted
	versions map[string][]*model.Model // the one that is served by default first
}

// NotFoundError says that a server has no such model, or no such version of it.
type NotFoundError struct {
	Model   string
	Version string   // empty: the model itself is unknown
	Known   []string // the models, or the versions, that there are
}

func (e *NotFoundError) Error() string {
	if e.Version != "" {
		return fmt.Sprintf("model %q has no version %q; it has %s", e.Model, e.Version, strings.Join(e.Known, ", "))
	}
	return fmt.Sprintf("there is no model %q; there is %s", e.Model, strings.Join(e.Known, ", "))
}

// New makes a repository of models; of one name the first is the version that
// is served unless another is asked for.
func New(models ...*model.Model) *Repository {
	r := &Repository{versions: map[string][]*model.Model{}}
	for _, m := range models {
		if r.versions[m.Name] == nil {
			r.names = append(r.names, m.Name)
		}
		r.versions[m.Name] = append(r.versions[m.Name], m)
	}
	sort.Strings(r.names)
	return r
}

// Names are the names of all models, sorted.
func (r *Repository) Names() []string { return r.names }

// Get finds a model; an empty version is the default one. The error is a
// *NotFoundError.
func (r *Repository) Get(name, version string) (*model.Model, error) {
	versions := r.versions[name]
	if len(versions) == 0 {
		return nil, &NotFoundError{Model: name, Known: r.names}
	}
	if version == "" {
		return versions[0], nil
	}
	for _, m := range versions {
		if m.Version == version {
			return m, nil
		}
	}
	return nil, &NotFoundError{Model: name, Version: version, Known: r.Versions(name)}
}

// Versions are the versions of a model, the default one first.
func (r *Repository) Versions(name string) []string {
	var out []string
	for _, m := range r.versions[name] {
		out = append(out, m.Version)
	}
	return out
}

// Index is the state of every model.
func (r *Repository) Index() []oip.IndexEntry {
	out := []oip.IndexEntry{}
	for _, name := range r.names {
		for _, m := range r.versions[name] {
			status := m.Status()
			out = append(out, oip.IndexEntry{Name: name, Version: m.Version, State: indexState(status.State), Reason: status.Reason})
		}
	}
	return out
}

// indexState is Triton's name of a state.
func indexState(s model.State) string {
	switch s {
	case model.Ready:
		return "READY"
	case model.Loading, model.Warming:
		return "LOADING"
	case model.Unloading:
		return "UNLOADING"
	default:
		return "UNAVAILABLE"
	}
}

// LoadAll loads every model, one after another: a model uses all cores while it
// loads. It goes on after an error and gives them all.
func (r *Repository) LoadAll(ctx context.Context) error {
	var failed []error
	for _, name := range r.names {
		failed = append(failed, r.Load(ctx, name))
	}
	return errors.Join(failed...)
}

// Load loads the versions of a model that aren't loaded. What reading their files took and the models don't need goes back to the
// system: of a forest it is several times the model, and would stay until the next collection, minutes later where no request comes.
func (r *Repository) Load(ctx context.Context, name string) error {
	if _, err := r.Get(name, ""); err != nil {
		return err
	}
	defer debug.FreeOSMemory()
	var failed []error
	for _, m := range r.versions[name] {
		if m.Status().State != model.Ready {
			failed = append(failed, m.Load(ctx))
		}
	}
	return errors.Join(failed...)
}

// Unload drains and unloads every version of a model. Its memory goes back to the system at once.
func (r *Repository) Unload(name string) error {
	if _, err := r.Get(name, ""); err != nil {
		return err
	}
	defer debug.FreeOSMemory()
	var failed []error
	for _, m := range r.versions[name] {
		failed = append(failed, m.Unload())
	}
	return errors.Join(failed...)
}

// Ready says whether every model that wasn't unloaded on purpose is ready.
func (r *Repository) Ready() bool {
	for _, versions := range r.versions {
		for _, m := range versions {
			if state := m.Status().State; state != model.Ready && state != model.Unloaded {
				return false
			}
		}
	}
	return true
}

// Close drains and unloads everything.
func (r *Repository) Close() error {
	var failed []error
	for _, name := range r.names {
		failed = append(failed, r.Unload(name))
	}
	return errors.Join(failed...)
}
