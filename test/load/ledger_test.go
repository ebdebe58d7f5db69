package load

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLedgerFindsWhatIsLostTwiceOrUnknown(t *testing.T) {
	t.Parallel()
	answered := func(id, by string) Outcome { return Outcome{ID: id, Answer: Answer{Status: 200, Backend: by}} }
	failed := func(id string) Outcome { return Outcome{ID: id, Err: errors.New("reset")} }
	for name, c := range map[string]struct {
		accounts map[string]string
		outcomes []Outcome
		says     string // empty if nothing is wrong
	}{
		"each once": {
			accounts: map[string]string{"v1-1": "came a\ncame b\ndone b\ndone a\nterm 0\n", "v2-2": "came c\ndone c\n"},
			outcomes: []Outcome{answered("a", "v1-1"), answered("b", "v1-1"), answered("c", "v2-2")},
		},
		"failed before it came":        {outcomes: []Outcome{failed("a")}},
		"failed while it ran":          {accounts: map[string]string{"v1-1": "came a\n"}, outcomes: []Outcome{failed("a")}},
		"a line that a kill cut":       {accounts: map[string]string{"v1-1": "came a\ndon"}, outcomes: []Outcome{failed("a")}},
		"run by two":                   {accounts: map[string]string{"v1-1": "came a\n", "v1-2": "came a\ndone a\n"}, outcomes: []Outcome{answered("a", "v1-2")}, says: "a was run more than once: v1-1 (came 1 times, answered 0 times), v1-2"},
		"run twice though it failed":   {accounts: map[string]string{"v1-1": "came a\ncame a\n"}, outcomes: []Outcome{failed("a")}, says: "more than once"},
		"answered by nobody":           {outcomes: []Outcome{answered("a", "v1-1")}, says: "no backend saw it"},
		"answered by another":          {accounts: map[string]string{"v1-1": "came a\ndone a\n"}, outcomes: []Outcome{answered("a", "v1-2")}, says: `answered by "v1-2"; the ledger has v1-1`},
		"never sent":                   {accounts: map[string]string{"v1-1": "came a\ndone a\n"}, says: "never sent"},
		"ended while requests ran":     {accounts: map[string]string{"v1-1": "came a\nterm 1\n"}, outcomes: []Outcome{failed("a")}, says: "v1-1 was told to end while 1 requests ran"},
		"sent twice by the test's own": {accounts: map[string]string{"v1-1": "came a\ndone a\n"}, outcomes: []Outcome{answered("a", "v1-1"), answered("a", "v1-1")}, says: "sent twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range c.accounts {
				if err := os.WriteFile(filepath.Join(dir, name+".account"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			ledger, err := ReadLedger(dir)
			if err != nil {
				t.Fatal(err)
			}
			err = ledger.Compare(c.outcomes)
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func TestDamagedAccountIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "v1-1.account"), []byte("what\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadLedger(dir); err == nil || !strings.Contains(err.Error(), "v1-1.account") {
		t.Errorf("got %v", err)
	}
}
