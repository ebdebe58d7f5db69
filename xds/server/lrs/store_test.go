package lrs_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/sluice-serving/sluice/xds/server/lrs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	iris = lrs.Endpoint{Cluster: "default/iris/80", Address: "127.0.0.1:1"}
	wine = lrs.Endpoint{Cluster: "default/wine/80", Address: "127.0.0.1:2"}
)

// clock counts seconds from some moment.
func clock(seconds int) time.Time { return time.Unix(1_700_000_000+int64(seconds), 0) }

func wantSnapshot(t *testing.T, s *lrs.Store, want lrs.Snapshot) {
	t.Helper()
	if diff := cmp.Diff(want, s.Snapshot(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
}

func TestRatesAreMeansOverTheWindow(t *testing.T) {
	t.Parallel()
	store := lrs.NewStore(lrs.StoreOptions{Reports: 4})
	envoy := store.Begin(clock(0))
	envoy.Add(clock(1), map[lrs.Endpoint]lrs.Counts{iris: {Issued: 12, Succeeded: 8, Failed: 2, InFlight: 2}})
	wantSnapshot(t, store, lrs.Snapshot{iris: {RequestsPerSecond: 12, ErrorsPerSecond: 2, InFlight: 2}})

	// A report may be late: what counts is the time that it is of.
	envoy.Add(clock(4), map[lrs.Endpoint]lrs.Counts{iris: {Issued: 4, Succeeded: 5, InFlight: 1}, wine: {Issued: 8, Failed: 8}})
	wantSnapshot(t, store, lrs.Snapshot{
		iris: {RequestsPerSecond: 4, ErrorsPerSecond: 0.5, InFlight: 1},
		wine: {RequestsPerSecond: 2, ErrorsPerSecond: 2},
	})

	// Who is idle is left out of a report, and has nothing in flight.
	envoy.Add(clock(5), nil)
	wantSnapshot(t, store, lrs.Snapshot{
		iris: {RequestsPerSecond: 3.2, ErrorsPerSecond: 0.4},
		wine: {RequestsPerSecond: 1.6, ErrorsPerSecond: 1.6},
	})
}

func TestWhatLeavesTheWindowIsForgotten(t *testing.T) {
	t.Parallel()
	store := lrs.NewStore(lrs.StoreOptions{Reports: 2})
	envoy := store.Begin(clock(0))
	envoy.Add(clock(5), map[lrs.Endpoint]lrs.Counts{iris: {Issued: 9, Failed: 9}, wine: {Issued: 50, Failed: 40, InFlight: 1}})
	envoy.Add(clock(6), map[lrs.Endpoint]lrs.Counts{wine: {Issued: 4, Failed: 1, InFlight: 1}})
	envoy.Add(clock(7), map[lrs.Endpoint]lrs.Counts{wine: {InFlight: 1}})
	wantSnapshot(t, store, lrs.Snapshot{wine: {RequestsPerSecond: 2, ErrorsPerSecond: 0.5, InFlight: 1}})
	envoy.Add(clock(8), nil)
	envoy.Add(clock(9), nil)
	wantSnapshot(t, store, lrs.Snapshot{})
}

func TestSnapshotStaysAsItWasRead(t *testing.T) {
	t.Parallel()
	store := lrs.NewStore(lrs.StoreOptions{})
	envoy := store.Begin(clock(0))
	envoy.Add(clock(1), map[lrs.Endpoint]lrs.Counts{iris: {Issued: 5}})
	read := store.Snapshot()
	before := maps.Clone(read)
	envoy.Add(clock(2), map[lrs.Endpoint]lrs.Counts{iris: {Issued: 50}, wine: {Issued: 1}})
	if diff := cmp.Diff(before, read); diff != "" {
		t.Errorf("a snapshot changed after it was read:\n%s", diff)
	}
}

func TestEnvoysAreAddedUpAndOneThatGoesTakesItsLoadAlong(t *testing.T) {
	t.Parallel()
	store := lrs.NewStore(lrs.StoreOptions{})
	one, two := store.Begin(clock(0)), store.Begin(clock(0))
	one.Add(clock(1), map[lrs.Endpoint]lrs.Counts{iris: {Issued: 3, InFlight: 1}})
	two.Add(clock(2), map[lrs.Endpoint]lrs.Counts{iris: {Issued: 8, InFlight: 2}})
	wantSnapshot(t, store, lrs.Snapshot{iris: {RequestsPerSecond: 7, InFlight: 3}})
	one.End()
	wantSnapshot(t, store, lrs.Snapshot{iris: {RequestsPerSecond: 4, InFlight: 2}})
	two.End()
	wantSnapshot(t, store, lrs.Snapshot{})
}
