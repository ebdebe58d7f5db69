package standalone

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
)

// The route of iris's predictor and that of a service iris-predictor have one name.
func TestAServiceWhoseRouteHasATakenNameTouchesOnlyItself(t *testing.T) {
	t.Parallel()
	files := oneModel()
	files["second.yaml"] = strings.Replace(iris, "name: iris", "name: iris-predictor", 1)
	r := startRig(t, files)
	r.untilServices("iris", "iris-predictor")
	r.until("both have their Deployments", r.engine.news.wait, func() bool { return len(r.engine.deployments()) == 2 })
	for _, name := range r.engine.deployments() {
		r.engine.start(name)
	}
	find := func(name string) admin.Service {
		for _, s := range r.driver.Services() {
			if s.Name == name {
				return s
			}
		}
		return admin.Service{}
	}
	r.until("the first is ready", r.driver.Changed, func() bool { return find("iris").Ready })
	r.until("the second says why it isn't", r.driver.Changed, func() bool {
		second := find("iris-predictor")
		return !second.Ready && strings.Contains(second.Message, "HTTPRoute default/iris-predictor is already that of InferenceService default/iris")
	})

	if err := os.Remove(filepath.Join(r.dir, "iris.yaml")); err != nil {
		t.Fatal(err)
	}
	r.until("the second has the name", r.driver.Changed, func() bool { return find("iris-predictor").Ready })
}
