package e2e

import (
	"fmt"
	"path/filepath"
	"testing"
)

// TestRollingUpdatesUnderLoad replaces three replicas by each kind of strategy, under load and with streams open: nothing
// fails, the streams run to their end on the replicas that go, and each request runs once.
func TestRollingUpdatesUnderLoad(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	manifest := filepath.Join(dir, "m.yaml")
	update := func(mark, surge, unavailable string) string {
		return counted{name: "m", mark: mark, ledger: ledger, fields: []string{
			"minReplicas: 3",
			fmt.Sprintf("deploymentStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: %s, maxUnavailable: %s}}", surge, unavailable),
		}}.yaml(t)
	}
	write(t, manifest, update("v1", "1", "0"))
	s := start(t, dir)
	s.waitService("m", running(3))
	tr := s.underLoad("m", ledger)
	for i, strategy := range []struct{ surge, unavailable string }{
		{"1", "0"}, {"0", "1"}, {"25%", "25%"}, {"100%", "1"},
	} {
		gate := tr.open(2)
		write(t, manifest, update(fmt.Sprintf("v%d", i+2), strategy.surge, strategy.unavailable))
		s.waitService("m", all(revision(fmt.Sprintf("0000%d", i+2)), running(3)))
		tr.stillOpen()
		write(t, gate, "")
		s.waitService("m", all(running(3), gone))
	}
	tr.end()
}

// TestScalingUnderLoad adds replicas and takes them away again, under load and with streams open on those that go.
func TestScalingUnderLoad(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	manifest := filepath.Join(dir, "m.yaml")
	scale := func(n int) string {
		return counted{name: "m", mark: "v1", ledger: ledger, fields: []string{fmt.Sprintf("minReplicas: %d", n)}}.yaml(t)
	}
	write(t, manifest, scale(1))
	s := start(t, dir)
	s.waitService("m", running(1))
	tr := s.underLoad("m", ledger)
	for _, n := range []int{4, 1, 2, 1} {
		gate := tr.open(2)
		write(t, manifest, scale(n))
		s.waitService("m", running(n))
		tr.stillOpen()
		write(t, gate, "")
		s.waitService("m", all(running(n), gone))
	}
	tr.end()
}

// TestCanaryUnderLoad splits, promotes, splits again and rolls back, under load and with streams open through each.
func TestCanaryUnderLoad(t *testing.T) {
	t.Parallel()
	dir, ledger := t.TempDir(), t.TempDir()
	manifest := filepath.Join(dir, "m.yaml")
	version := func(mark string, fields ...string) string {
		return counted{name: "m", mark: mark, ledger: ledger, fields: fields}.yaml(t)
	}
	write(t, manifest, version("v1"))
	s := start(t, dir)
	s.waitService("m", running(1))
	tr := s.underLoad("m", ledger)

	gate := tr.open(1)
	write(t, manifest, version("v2", "canaryTrafficPercent: 40"))
	s.waitService("m", traffic(60, 40))
	tr.stillOpen()
	write(t, gate, "")

	gate = tr.open(4) // on both
	write(t, manifest, version("v2"))
	s.waitService("m", running(1))
	tr.stillOpen()
	write(t, gate, "")
	s.waitService("m", all(running(1), gone))

	write(t, manifest, version("v3", "canaryTrafficPercent: 50"))
	s.waitService("m", traffic(50, 50))
	gate = tr.open(4)
	write(t, manifest, version("v3", "canaryTrafficPercent: 0"))
	s.waitService("m", traffic(100, 0))
	tr.stillOpen()
	write(t, manifest, version("v2"))
	s.waitService("m", running(1))
	tr.stillOpen()
	write(t, gate, "")
	s.waitService("m", all(running(1), gone))
	tr.end()
}
