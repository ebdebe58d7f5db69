package mutate

import (
	"slices"
	"testing"
)

// What lets everyone in is seen, where no stage has kept it away.
func TestJudgeSeesWhatIsOpen(t *testing.T) {
	t.Parallel()
	worlds, _ := newWorlds(t)
	i := slices.IndexFunc(worlds, func(w *world) bool { return w.name == "access" })
	w := worlds[i]
	now := w.snapshot()
	if found := w.open(now); len(found) > 0 {
		t.Errorf("open: %v", found)
	}
	opened := 0
	for key, host := range now.hosts {
		host.Routes = slices.Clone(host.Routes)
		for i := range host.Routes {
			if host.Routes[i].Access != nil {
				host.Routes[i].Access = nil
				opened++
			}
		}
		now.hosts[key] = host
	}
	if found := w.open(now); len(found) == 0 || len(found) > opened {
		t.Errorf("of %d routes that were opened %d are seen", opened, len(found))
	}
}
