package standalone

import (
	"context"
	"testing"

	"github.com/sluice-serving/sluice/controller/engine"
)

// A pod of which a container is started anew is drained like one that goes, and has its place again once it is ready, whether
// or not anybody saw it in between.
func TestPodDrainedForARestartIsListedAgain(t *testing.T) {
	t.Parallel()
	for name, seen := range map[string]bool{"seen while it is not ready": true, "ready again at once": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startRig(t, oneModel())
			old := r.serving()
			r.engine.start(old.Deployment)
			r.untilListed("pod-1", "pod-2")
			r.traffic.set(func() { r.traffic.busy = map[int32]bool{old.Ports[8080]: true} })
			change := func(ready bool, pid int) {
				r.engine.change(func() {
					for i := range r.engine.list {
						if pod := &r.engine.list[i]; pod.Name == old.Name {
							pod.Ready = ready
							pod.Containers = []engine.ContainerState{{Name: "kserve-container", State: engine.StateRunning, Ready: ready, PID: pid}}
						}
					}
					r.engine.changed[old.Deployment] = true
				})
			}
			if seen {
				change(false, 0)
			}
			drained := make(chan error, 1)
			go func() { drained <- r.engine.driver.Drain(context.WithoutCancel(t.Context()), old) }()
			r.untilListed("pod-1 draining", "pod-2")
			r.traffic.set(func() { r.traffic.busy = nil })
			if err := <-drained; err != nil {
				t.Fatal(err)
			}
			r.untilListed("pod-2")
			change(true, 2)
			r.untilListed("pod-1", "pod-2")
		})
	}
}
