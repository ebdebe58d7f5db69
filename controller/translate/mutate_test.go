package translate

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
)

// FuzzTranslateMutated changes a few fields of a golden case, which reaches deeper than changed bytes do.
func FuzzTranslateMutated(f *testing.F) {
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(inputs) == 0 {
		f.Fatalf("no inputs in testdata: %v", err)
	}
	for i := range inputs {
		for seed := range uint64(20) {
			f.Add(uint(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which uint, seed uint64) {
		original, err := json.Marshal(readObjects(t, inputs[which%uint(len(inputs))]))
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(original, &tree); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(seed, 2))
		for range 1 + random.IntN(4) {
			tree = mutate(random, tree)
		}
		mutated, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		var in Objects
		if json.Unmarshal(mutated, &in) != nil {
			return
		}
		checkConfig(t, Translate(in).Config)
	})
}

// mutate changes one value in a tree of JSON values.
func mutate(random *rand.Rand, value any) any {
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 {
			return v
		}
		key := slices.Sorted(maps.Keys(v))[random.IntN(len(v))]
		if random.IntN(12) == 0 {
			delete(v, key)
			return v
		}
		v[key] = mutate(random, v[key])
		return v
	case []any:
		switch {
		case len(v) == 0:
			return v
		case random.IntN(12) == 0:
			return append(v, v[random.IntN(len(v))])
		}
		at := random.IntN(len(v))
		v[at] = mutate(random, v[at])
		return v
	case string:
		return oddStrings[random.IntN(len(oddStrings))]
	case float64:
		return oddNumbers[random.IntN(len(oddNumbers))]
	case bool:
		return !v
	default:
		return v
	}
}

var (
	oddStrings = []string{
		"", "*", "/", "//", "a", "gw", "http", "*.a", "a.example.com", "10.0.0.1", "(", "(?i)x", `\pL{1000}`, "(?P<n>a)", "\x00", "a\nb",
		"Exact", "PathPrefix", "RegularExpression", "ReplacePrefixMatch", "RequestRedirect", "RequestMirror", "ExtensionRef", "0s", "1h", "99999h",
		"Selector", "All", "sluice", "default", PlannedNamespace, "Host", "h2c", "https", "fe80::1%eth0", "::ffff:10.0.0.1",
	}
	oddNumbers = []float64{-1 << 31, -1, 0, 1, 80, 443, 65535, 65536, 1_000_000, 1<<31 - 1}
)
