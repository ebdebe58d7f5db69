package e2e

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/controller/admin"
)

// TestLivenessFailureUnderLoad has the liveness probe of one of two replicas fail: it gets no new requests from then on,
// finishes the streams and requests that it has, and is started anew, so that nobody notices.
func TestLivenessFailureUnderLoad(t *testing.T) {
	t.Parallel()
	dir, ledger, sick := t.TempDir(), t.TempDir(), t.TempDir()
	probe := fmt.Sprintf(`        livenessProbe:
          exec: {command: [sh, -c, 'test ! -e "%s/$HOSTNAME"']}
          periodSeconds: 1
          failureThreshold: 1
          timeoutSeconds: 30
`, sick)
	write(t, filepath.Join(dir, "m.yaml"), counted{name: "m", mark: "m", ledger: ledger, fields: []string{"minReplicas: 2", "terminationGracePeriodSeconds: 600"}}.yaml(t)+probe)
	s := start(t, dir)
	service := s.waitService("m", running(2))
	tr := s.underLoad("m", ledger)
	slow := tr.slow(300 * time.Millisecond)
	gate := tr.open(2) // on both
	tr.awaitAnswers(arrivals)

	pod, before := service.Pods[0].Name, pids(service)
	write(t, filepath.Join(sick, pod), "")
	s.waitService("m", func(now admin.Service) error {
		for _, p := range now.Pods {
			if p.Name == pod && !p.Ready && strings.Contains(fmt.Sprint(p), "liveness probe failed") {
				return nil
			}
		}
		return errors.New("the replica is not seen to be sick")
	})
	if now := pids(s.waitService("m", func(admin.Service) error { return nil })); !maps.Equal(now, before) {
		t.Errorf("the processes are %v, not %v: one was ended with streams open", now, before)
	}
	tr.stillOpen()
	tr.awaitAnswers(arrivals)
	if err := os.Remove(filepath.Join(sick, pod)); err != nil {
		t.Fatal(err)
	}
	write(t, gate, "")
	s.waitService("m", all(running(2), restarted(1)))
	tr.awaitAnswers(arrivals)
	outcomes := append(tr.stop(), slow()...)
	tr.keptConnections()
	noneFailed(t, outcomes)
	balanced(t, ledger, outcomes)
}
