package standalone

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/server"
)

// countingEnvoys count what they are told.
type countingEnvoys struct {
	*fakeEnvoys

	told int
}

func (c *countingEnvoys) Publish(set []envoy.Resource, remove []envoy.Key) server.Revision {
	c.told += len(set) + len(remove)
	return c.fakeEnvoys.Publish(set, remove)
}

// cost is what a change has cost.
type cost struct {
	// allocations are those of the whole turn, since what looks at many things makes something of them.
	allocations float64
	// shown and told are the services and problems in its view, and the resources that Envoy is told.
	shown, told int
}

// crowd is a loop with n services of each of two kinds: with static endpoints, and with a process.
type crowd struct {
	*bench

	envoys *countingEnvoys
	turns  int
}

func newCrowd(t testing.TB, n int) *crowd {
	t.Helper()
	dir := t.TempDir()
	c := &crowd{}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		write(fmt.Sprintf("static-%d.yaml", i), static(fmt.Sprintf("static-%d", i), "0", 9000))
		write(fmt.Sprintf("m-%d.yaml", i), custom(fmt.Sprintf("m-%d", i), "default", "0"))
	}
	c.bench = newBench(t, dir, t.TempDir())
	c.envoys = &countingEnvoys{fakeEnvoys: c.bench.envoys}
	c.loop.envoys = c.envoys
	return c
}

// write changes a file and carries that through.
func (c *crowd) write(name, text string) *view {
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return c.touch(path)
}

// measure gives what one turn of a change costs.
func (c *crowd) measure(change func(turn int) *view) cost {
	var found cost
	next := func() {
		c.turns++
		c.envoys.told = 0
		v := change(c.turns)
		found.shown, found.told = len(v.services)+len(v.problems), c.envoys.told
	}
	found.allocations = testing.AllocsPerRun(5, next)
	return found
}

// TestChangeLooksAtWhatItTouches compares what a change costs among 100 services and among 1,000. It runs alone, since it
// counts the whole process's allocations.
func TestChangeLooksAtWhatItTouches(t *testing.T) { //nolint:paralleltest // see above
	few, many := newCrowd(t, 100), newCrowd(t, 1000)
	service := types.NamespacedName{Namespace: "default", Name: "m-7-predictor"}
	for name, change := range map[string]func(c *crowd) func(int) *view{
		"a header": func(c *crowd) func(int) *view {
			return func(turn int) *view { return c.write("static-7.yaml", static("static-7", fmt.Sprint(turn), 9000)) }
		},
		"an endpoint": func(c *crowd) func(int) *view {
			return func(turn int) *view { return c.write("static-7.yaml", static("static-7", "0", 10000+turn)) }
		},
		"a process": func(c *crowd) func(int) *view {
			return func(turn int) *view { return c.write("m-7.yaml", custom("m-7", "default", fmt.Sprint(turn))) }
		},
		"a route to a process": func(c *crowd) func(int) *view {
			return func(turn int) *view {
				text := custom("m-7", "default", "0") + fmt.Sprintf("    timeout: %d\n", 10+turn)
				return c.write("m-7.yaml", text)
			}
		},
		"a pod": func(c *crowd) func(int) *view {
			return func(turn int) *view {
				deployment := c.bench.engine.applied[service].DeepCopy()
				deployment.Spec.Template.Labels["turn"] = fmt.Sprint(turn)
				c.bench.engine.Apply(deployment, c.surroundings.references["default"])
				return c.turn()
			}
		},
		"a service that comes and goes": func(c *crowd) func(int) *view {
			return func(turn int) *view {
				if turn%2 == 0 {
					return c.write("late.yaml", custom("late", "default", "0"))
				}
				path := filepath.Join(c.dir, "late.yaml")
				_ = os.Remove(path) // it may not be there yet
				return c.touch(path)
			}
		},
		"nothing": func(c *crowd) func(int) *view { return func(int) *view { return c.turn() } },
	} {
		a, b := few.measure(change(few)), many.measure(change(many))
		t.Logf("%s: %+v among 100, %+v among 1,000", name, a, b)
		if b.shown != a.shown || b.told != a.told {
			t.Errorf("%s: %d things shown and %d resources told among 100 services, %d and %d among 1,000", name, a.shown, a.told, b.shown, b.told)
		}
		if b.allocations > 1.1*a.allocations+50 {
			t.Errorf("%s: %.0f allocations among 100 services, %.0f among 1,000", name, a.allocations, b.allocations)
		}
	}
}

// BenchmarkChange is the turn of a changed header from the file to the publication, without the wait for quiet.
func BenchmarkChange(b *testing.B) {
	for _, n := range []int{1, 100, 1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newCrowd(b, n)
			turn := 0
			for b.Loop() {
				turn++
				c.write("static-0.yaml", static("static-0", fmt.Sprint(turn), 9000))
			}
		})
	}
}
