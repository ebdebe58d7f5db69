package capacity

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFitChoosesWhatWasNotAskedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		asked   Limits
		machine Machine
		want    Limits
	}{
		"plenty": {
			Limits{}, Machine{OpenFiles: 1 << 20, Memory: 8 << 30},
			Limits{Connections: 50_000, Requests: 4096, BackendRequests: 2048, Memory: 2 << 30, OpenFiles: 65_536},
		},
		"twenty thousand files": {
			Limits{}, Machine{OpenFiles: 20_000},
			Limits{Connections: 11_296, Requests: 4096, BackendRequests: 2048, OpenFiles: 20_000},
		},
		"few files": {
			Limits{}, Machine{OpenFiles: 1024},
			Limits{Connections: 256, Requests: 128, BackendRequests: 64, OpenFiles: 1024},
		},
		"asked": {
			Limits{Connections: 10, Requests: 4, BackendRequests: 1, Memory: 5}, Machine{OpenFiles: 20_000, Memory: 8 << 30},
			Limits{Connections: 10, Requests: 4, BackendRequests: 1, Memory: 5, OpenFiles: 20_000},
		},
		"many connections": {
			Limits{Connections: 19_000}, Machine{OpenFiles: 20_000},
			Limits{Connections: 19_000, Requests: 244, BackendRequests: 122, OpenFiles: 20_000},
		},
		"one request": {
			Limits{Connections: 10, Requests: 1}, Machine{OpenFiles: 20_000},
			Limits{Connections: 10, Requests: 1, BackendRequests: 1, OpenFiles: 20_000},
		},
		"fewer files than there are": {
			Limits{OpenFiles: 10_000}, Machine{OpenFiles: 20_000},
			Limits{Connections: 4744, Requests: 2372, BackendRequests: 1186, OpenFiles: 10_000},
		},
	} {
		got, err := Fit(test.asked, test.machine)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFitRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	machine := Machine{OpenFiles: 20_000}
	for name, test := range map[string]struct {
		asked   Limits
		machine Machine
		want    string
	}{
		"connections":          {Limits{Connections: 30_000}, machine, "--max-connections 30000 and --max-requests 16 need 30544 open files"},
		"requests":             {Limits{Requests: 100_000}, machine, "--max-requests 100000 need 200513 open files"},
		"files above the hard": {Limits{OpenFiles: 30_000}, machine, "--max-open-files 30000 is above the hard limit of open files, 20000"},
		"too few files":        {Limits{OpenFiles: 300}, machine, "--max-open-files 300 is too few"},
		"a small machine":      {Limits{}, Machine{OpenFiles: 512}, "512 open files are too few"},
		"a backend with more":  {Limits{Requests: 10, BackendRequests: 11}, machine, "--max-backend-requests 11 is above --max-requests 10"},
	} {
		_, err := Fit(test.asked, test.machine)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, test.want)
		}
	}
}

func TestScarceFilesAreSaid(t *testing.T) {
	t.Parallel()
	if got := Scarce(Limits{}, Limits{Connections: fewConnections}); got != "" {
		t.Errorf("with plenty: %q", got)
	}
	if got := Scarce(Limits{Connections: 5}, Limits{Connections: 5}); got != "" {
		t.Errorf("with what was asked for: %q", got)
	}
	if got := Scarce(Limits{}, Limits{Connections: 200}); !strings.Contains(got, "LimitNOFILE") {
		t.Errorf("with too few: %q", got)
	}
}

func TestThisMachineIsRead(t *testing.T) {
	t.Parallel()
	m, err := Read()
	if err != nil || m.OpenFiles == 0 || m.Memory < 64<<20 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestControlGroupsMemory(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]uint64{"max\n": math.MaxUint64, "1073741824\n": 1 << 30, "": math.MaxUint64} {
		file := filepath.Join(t.TempDir(), "memory.max")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := groupMemory(file); got != want {
			t.Errorf("%q is %d, want %d", content, got, want)
		}
	}
	if got := groupMemory(filepath.Join(t.TempDir(), "none")); got != math.MaxUint64 {
		t.Errorf("no file is %d", got)
	}
}
