package sklearn_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var (
	seed  = flag.String("seed", "7", "of the random rows and targets that TestTenThousandRowsAnswerAsTheLibrary trains on")
	every = flag.String("every", "5", "trains one of so many models; 1 is all, for minutes")
)

// TestTenThousandRowsAnswerAsTheLibrary trains models anew in the pinned Python environment and asks them for batches of 10,000 random rows.
func TestTenThousandRowsAnswerAsTheLibrary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	train := exec.CommandContext(t.Context(), python(t), filepath.Join("testdata", "make.py"), dir, "--rows", "10000", "--seed", *seed, "--every", *every)
	train.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	if out, err := train.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, all := goldens(t, dir)
	if len(all) < 20 {
		t.Fatalf("%d models were trained", len(all))
	}
	for _, g := range all {
		if g.name == "cls-complementnormnb" {
			continue // its weights sum to 1 in each class, so that a row of equal counts is a tie that rounding decides
		}
		t.Run(g.name, func(t *testing.T) { compare(t, g) })
	}
}

// python is that of the environment that config/deps/venv.sh keeps.
func python(t *testing.T) string {
	t.Helper()
	cache := os.Getenv("SLUICE_CACHE")
	if cache == "" {
		folder, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(folder, "sluice")
	}
	path := filepath.Join(cache, "python", "sklearn", "bin", "python")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v\n(this test needs scikit-learn: run `make clients`)", err)
	}
	return path
}
