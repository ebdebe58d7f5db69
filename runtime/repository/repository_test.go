package repository_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/repository"
)

type nothing struct{}

func (nothing) Signature() model.Signature { return model.Signature{} }
func (nothing) Close() error               { return nil }
func (nothing) Predict(context.Context, []oip.Tensor) ([]oip.Tensor, error) {
	return nil, nil
}

func named(name, version string, err error) *model.Model {
	return model.New(name, version, "test", func(context.Context) (model.Predictor, error) { return nothing{}, err }, model.Options{})
}

func TestModelsAreFoundByNameAndVersion(t *testing.T) {
	t.Parallel()
	r := repository.New(named("b", "2", nil), named("b", "1", nil), named("a", "1", nil))
	if diff := cmp.Diff([]string{"a", "b"}, r.Names()); diff != "" {
		t.Error(diff)
	}
	for version, want := range map[string]string{"": "2", "2": "2", "1": "1"} {
		m, err := r.Get("b", version)
		if err != nil || m.Version != want {
			t.Errorf("version %q: %v %v", version, m, err)
		}
	}
	var missing *repository.NotFoundError
	if _, err := r.Get("c", ""); !errors.As(err, &missing) || err.Error() != `there is no model "c"; there is a, b` {
		t.Error(err)
	}
	if _, err := r.Get("b", "3"); !errors.As(err, &missing) || err.Error() != `model "b" has no version "3"; it has 2, 1` {
		t.Error(err)
	}
}

func TestReadinessIsThatOfAllModels(t *testing.T) {
	t.Parallel()
	r := repository.New(named("a", "1", nil), named("bad", "1", errors.New("broken")))
	if err := r.LoadAll(t.Context()); err == nil || !strings.Contains(err.Error(), `model "bad": broken`) {
		t.Error(err)
	}
	want := []oip.IndexEntry{{Name: "a", Version: "1", State: "READY"}, {Name: "bad", Version: "1", State: "UNAVAILABLE", Reason: "broken"}}
	if diff := cmp.Diff(want, r.Index()); diff != "" || r.Ready() {
		t.Error(r.Ready(), diff)
	}
	good := repository.New(named("a", "1", nil))
	if err := good.LoadAll(t.Context()); err != nil || !good.Ready() {
		t.Error(err)
	}
	if err := good.Unload("a"); err != nil || !good.Ready() {
		t.Errorf("a model that was unloaded on purpose makes the server unready: %v", err)
	}
	if err := good.Close(); err != nil {
		t.Error(err)
	}
}
