package librarytest

import (
	"encoding/json"
	"math"
	"path/filepath"
	"testing"
)

// Versions are the versions of a library that a package's testdata has models of: each a folder with a cases.json.
func Versions(t testing.TB) []string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join("testdata", "*", "cases.json"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no models in testdata: %v", err)
	}
	for i, folder := range folders {
		folders[i] = filepath.Base(filepath.Dir(folder))
	}
	return folders
}

// Cases reads what a version of the library answered for its models.
func Cases[T any](t testing.TB, version string) []T {
	t.Helper()
	var cases []T
	if err := json.Unmarshal(read(t, filepath.Join("testdata", version), "cases.json"), &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// Flat gives the numbers of nested lists.
func Flat(nested any) []float64 {
	switch v := nested.(type) {
	case float64:
		return []float64{v}
	case []any:
		var all []float64
		for _, item := range v {
			all = append(all, Flat(item)...)
		}
		return all
	}
	return nil
}

// Compare ends the test where a number is further off than tolerance, which is relative for numbers above 1.
func Compare(t testing.TB, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers instead of %d", what, len(got), len(want))
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > tolerance*max(1, math.Abs(want[i])) || math.IsNaN(got[i]) != math.IsNaN(want[i]) {
			t.Fatalf("%s: number %d is %v instead of %v", what, i, got[i], want[i])
		}
	}
}
