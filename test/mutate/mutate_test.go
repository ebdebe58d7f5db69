package mutate

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/standalone"
)

const (
	// longest and largest bound one document, on a busy machine and with the race detector.
	longest = 10 * time.Second
	largest = 1 << 30
	// enough findings end a run: more of them seldom say more.
	enough = 40
)

// outcome is what became of a document.
type outcome struct {
	findings []string
	took     time.Duration
	// allocated is in bytes, of the whole process.
	allocated uint64
	// accepted says that the document still held an object.
	accepted bool
}

func TestMutatedDocumentsTouchOnlyThemselves(t *testing.T) {
	t.Parallel()
	worlds, donors := newWorlds(t)
	var slowest, biggest outcome
	accepted, failed := 0, 0
	debug.SetGCPercent(400)
	began := time.Now()
	for number := *first; number < *first+*documents && failed < enough; number++ {
		random := rand.New(rand.NewPCG(*seed, uint64(number)))
		m := mutator{random, donors}
		w := m.world(worlds)
		index := random.IntN(len(w.seeds))
		text := m.document(w.seeds[index])
		o := w.run(index, text)
		if o.took > slowest.took {
			slowest = o
		}
		if o.allocated > biggest.allocated {
			biggest = o
		}
		if o.took > longest || o.allocated > largest {
			o.findings = append(o.findings, fmt.Sprintf("took %s and %d MiB", o.took, o.allocated>>20))
		}
		if o.accepted {
			accepted++
		}
		if len(o.findings) > 0 {
			failed++
			t.Errorf("document %d of seed %d, in the place of %s[%d]:\n%.1500s\n%.3000q", number, *seed, w.name, index, text, o.findings)
		}
		if (number-*first+1)%100_000 == 0 {
			t.Logf("%d documents, %d still held objects, after %s", number-*first+1, accepted, time.Since(began))
		}
	}
	for _, w := range worlds {
		if !reflect.DeepEqual(w.translator.Config(), w.base) {
			t.Errorf("%s: not what it was once every mutation was taken back", w.name)
		}
	}
	t.Logf("%d documents, %d still held objects; the slowest took %s, the largest %d MiB; %s in all", *documents, accepted, slowest.took, biggest.allocated>>20, time.Since(began))
}

func newWorlds(t *testing.T) ([]*world, []seedDocument) {
	t.Helper()
	builtIn, err := standalone.DefaultRuntimes()
	if err != nil {
		t.Fatal(err)
	}
	sets := seedSets(t)
	var worlds []*world
	var donors []seedDocument
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		if len(sets[name]) > 0 {
			worlds = append(worlds, newWorld(name, sets[name], builtIn))
			donors = append(donors, sets[name]...)
		}
	}
	return worlds, donors
}

// world picks one, each kind of seed as often as another.
func (m mutator) world(all []*world) *world {
	kinds := [...]string{"quickstart", "manifest", "plan", "kserve", "translate", "translate", "access", "translate/access"}
	kind := kinds[m.IntN(len(kinds))]
	var some []*world
	for _, w := range all {
		if strings.HasPrefix(w.name, kind) {
			some = append(some, w)
		}
	}
	if len(some) == 0 {
		some = all // KServe's corpus isn't everywhere.
	}
	return some[m.IntN(len(some))]
}

// run carries a mutated document through every stage and takes it back.
func (w *world) run(index int, text []byte) (o outcome) {
	began, allocated := time.Now(), allocatedBytes()
	defer func() {
		if fault := recover(); fault != nil {
			o.findings = append(o.findings, fmt.Sprintf("panic: %v\n%s", fault, debug.Stack()))
		}
		o.took, o.allocated = time.Since(began), allocatedBytes()-allocated
	}()
	objects, found := w.parse(index, text)
	o.accepted, o.findings = len(objects) > 0, found
	if len(objects) == 0 && w.removed[index] {
		return o
	}
	w.removed[index] = w.removed[index] || len(objects) == 0
	quiet := !slices.ContainsFunc(append(slices.Clone(objects), w.parsed[index]...), concernsOthers)
	all, now := map[string]bool{}, w.snapshot()
	for _, ready := range []bool{false, true} {
		change, touched := w.apply(exchange{index: index, objects: objects, ready: ready})
		maps.Copy(all, touched)
		for _, r := range resources(change) {
			o.findings = append(o.findings, refusals(r)...)
		}
		if quiet {
			o.findings = append(o.findings, w.beside(change, all)...)
		}
		now.take(change)
		o.findings = append(o.findings, w.open(now)...)
	}
	w.apply(exchange{index: -1, ready: true})
	return o
}

// parse reads the document between its neighbours, which must be read as without it.
func (w *world) parse(index int, text []byte) (objects []manifest.Object, found []string) {
	before, after := w.neighbour(index-1), w.neighbour(index+1)
	file := slices.Concat(before, []byte("\n---\n"), text, []byte("\n---\n"), after)
	documents, problems := manifest.Parse("mutated.yaml", file)
	start, end := 1+bytes.Count(before, []byte("\n")), 3+bytes.Count(before, []byte("\n"))+bytes.Count(text, []byte("\n"))
	digests := map[string]bool{}
	for _, document := range documents {
		if line := document.Source.Line; line > start && line < end {
			objects = append(objects, document.Object)
		} else {
			digests[document.Digest] = true
		}
	}
	for _, p := range problems {
		if p.Message == "" || p.Remedy == "" {
			found = append(found, fmt.Sprintf("a problem that helps nobody: %+v", p))
		}
	}
	taken := map[string]bool{}
	for _, object := range objects {
		taken[keyOf(object)] = true
	}
	for _, beside := range []int{index - 1, index + 1} {
		if beside < 0 || beside >= len(w.seeds) {
			continue
		}
		for _, document := range w.documents[beside] {
			if !digests[document.Digest] && !taken[keyOf(document.Object)] {
				found = append(found, fmt.Sprintf("%s beside it is not read any more: %v", keyOf(document.Object), problems))
			}
		}
	}
	return objects, found
}

func (w *world) neighbour(index int) []byte {
	if index < 0 || index >= len(w.seeds) {
		return nil
	}
	return w.seeds[index].text
}

func allocatedBytes() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
