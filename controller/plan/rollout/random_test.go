package rollout

import (
	"math/rand/v2"
	"testing"
)

// TestDecideInRandomStories runs the checks of FuzzDecide over many long scripts, the same ones on every run.
func TestDecideInRandomStories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 1))
		w := world{t: t, health: map[string]Health{}}
		for range 80 {
			w.step(random.IntN(256))
		}
	}
}
