package load

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/test/load/backend"
)

// Ledger is what all backends wrote down.
type Ledger struct {
	// visits are the backends that saw each id.
	visits map[string][]visit
	// Interrupted are the backends that were told to end with requests running, with how many.
	Interrupted map[string]int
}

// visit is one backend's account of one id.
type visit struct {
	backend       string
	arrived, done int
}

// ReadLedger reads what the backends of a directory wrote down.
func ReadLedger(dir string) (Ledger, error) {
	accounts, err := backend.ReadAccounts(dir)
	if err != nil {
		return Ledger{}, err
	}
	l := Ledger{visits: map[string][]visit{}, Interrupted: map[string]int{}}
	for _, account := range accounts {
		for _, id := range slices.Sorted(maps.Keys(account.Arrived)) {
			l.visits[id] = append(l.visits[id], visit{account.Name, account.Arrived[id], account.Done[id]})
		}
		if account.RunningAtSIGTERM > 0 {
			l.Interrupted[account.Name] = account.RunningAtSIGTERM
		}
	}
	return l, nil
}

// Compare holds the outcomes of all requests against what the backends saw. Every request that was answered was seen once,
// by the one backend that its answer names, and answered once; one that failed was seen at most once; nothing was seen that
// nobody sent; no backend was told to end with a request running. The error names what differs.
func (l Ledger) Compare(outcomes []Outcome) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	sent := make(map[string]bool, len(outcomes))
	for i := range outcomes {
		o := &outcomes[i]
		if sent[o.ID] {
			fault("the id %s was sent twice", o.ID)
		}
		sent[o.ID] = true
		if err := l.compareOne(o); err != nil {
			faults = append(faults, err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.visits)) {
		if !sent[id] {
			fault("%s was seen by %s and never sent", id, l.Trace(id))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Interrupted)) {
		fault("%s was told to end while %d requests ran", name, l.Interrupted[name])
	}
	return firstOf(faults)
}

func (l Ledger) compareOne(o *Outcome) error {
	visits := l.visits[o.ID]
	switch {
	case len(visits) > 1 || len(visits) == 1 && visits[0].arrived > 1:
		return fmt.Errorf("%s was run more than once: %s", o.ID, l.Trace(o.ID))
	case o.Err != nil:
		return nil
	case len(visits) == 0:
		return fmt.Errorf("%s was answered, and no backend saw it", o.ID)
	case visits[0].done != 1 || visits[0].backend != o.Backend:
		return fmt.Errorf("%s was answered by %q; the ledger has %s", o.ID, o.Backend, l.Trace(o.ID))
	}
	return nil
}

// Seen says whether a backend saw the id, and which one did first.
func (l Ledger) Seen(id string) (by string, seen bool) {
	if len(l.visits[id]) == 0 {
		return "", false
	}
	return l.visits[id][0].backend, true
}

// Trace says which backends saw an id how often.
func (l Ledger) Trace(id string) string {
	var parts []string
	for _, v := range l.visits[id] {
		parts = append(parts, fmt.Sprintf("%s (came %d times, answered %d times)", v.backend, v.arrived, v.done))
	}
	return strings.Join(parts, ", ")
}

// firstOf joins errors, the first few of many.
func firstOf(faults []error) error {
	const most = 10
	if len(faults) > most {
		faults = append(faults[:most:most], fmt.Errorf("and %d more", len(faults)-most))
	}
	return errors.Join(faults...)
}
