package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
)

// problemIn waits until something is reported about a file, or about none.
func (s *sluice) problemIn(file string) {
	s.t.Helper()
	eventually(s.t, startTimeout, "the problems", func() error {
		problems, err := s.admin.Problems(s.t.Context())
		switch {
		case err != nil:
			return s.alive(err)
		case file == "" && len(problems) == 0, file != "" && len(problems) > 0 && problems[0].File == file:
			return nil
		}
		return fmt.Errorf("problems: %+v, want some about %q", problems, file)
	})
}

// TestBrokenManifestAtStartServesByItsLastGoodVersion kills sluice under load, breaks the manifest of the service and that of its
// access policy, and starts it again: the same process answers, and who has no key is not let in. Mended, it goes on; and so it
// does after an orderly end and a start.
func TestBrokenManifestAtStartServesByItsLastGoodVersion(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "m.yaml")
	good := counted{name: "m", mark: "v1", ledger: ledger}.yaml(t)
	broken := good + "  x: [\n"
	write(t, file, good)
	closed := counted{name: "closed", mark: "v1", ledger: ledger}.yaml(t)
	write(t, filepath.Join(dir, "closed.yaml"), closed)
	write(t, filepath.Join(dir, "keys.yaml"), "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {alice: a-key-of-alice}\n")
	policy := "apiVersion: sluice.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: p}\nspec:\n  targetRefs: [{group: serving.kserve.io, kind: InferenceService, name: closed}]\n  apiKeyAuth: {secretRefs: [{name: keys}]}\n"
	write(t, filepath.Join(dir, "policy.yaml"), policy)
	s := start(t, dir)
	before := pids(s.waitService("m", running(1)))
	s.waitService("closed", running(1))
	asks := func(key string, want int) {
		t.Helper()
		eventually(t, startTimeout, "the guarded service's answer", func() error {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url("closed", "/ready"), nil)
			if err != nil {
				return err
			}
			if key != "" {
				request.Header.Set("x-api-key", key)
			}
			response, err := s.client().Do(request)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			if response.StatusCode != want {
				return fmt.Errorf("with the key %q it answers %d, want %d", key, response.StatusCode, want)
			}
			return nil
		})
	}
	asks("", http.StatusUnauthorized)

	tr := s.underLoad("m", ledger)
	s.kill()
	write(t, file, broken)
	write(t, filepath.Join(dir, "policy.yaml"), strings.Replace(policy, "kind: AccessPolicy", "kind: [AccessPolicy", 1))
	s.again()
	s.problemIn(file)
	s.waitService("m", all(ready, func(service admin.Service) error {
		if now := pids(service); fmt.Sprint(now) != fmt.Sprint(before) {
			return fmt.Errorf("its processes are %v, before %v", now, before)
		}
		return nil
	}))
	if n := s.total(t, "sluice_xds_resources_sent_total") + s.total(t, "sluice_xds_resources_removed_total"); n != 0 {
		t.Errorf("%d resources were sent or removed although what is in force had not changed", n)
	}
	tr.awaitAnswers(100)
	asks("", http.StatusUnauthorized)
	asks("a-key-of-alice", http.StatusOK)
	write(t, file, good)
	write(t, filepath.Join(dir, "policy.yaml"), policy)
	s.problemIn("")
	tr.awaitAnswers(100)
	if now := pids(s.waitService("m", ready)); fmt.Sprint(now) != fmt.Sprint(before) {
		t.Errorf("mended, its processes are %v, before %v", now, before)
	}
	outcomes := tr.stop()
	noneFailed(t, outcomes)

	s.stop()
	write(t, file, broken)
	s.again()
	s.problemIn(file)
	s.waitService("m", running(1))
	asks("", http.StatusUnauthorized)
	asks("a-key-of-alice", http.StatusOK)
	write(t, file, good)
	s.problemIn("")
	s.waitService("m", func(service admin.Service) error {
		return errors.Join(ready(service), s.answers("m"))
	})
}

// answers says why a service does not answer.
func (s *sluice) answers(name string) error {
	got, err := ask(s.client(), http.MethodGet, s.url(name, "/ready"), "")
	if err == nil && got.status != http.StatusOK {
		err = fmt.Errorf("%d %s", got.status, got.body)
	}
	return err
}
