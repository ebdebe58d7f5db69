package backend

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The marks that begin a line of an account, before an id or a number.
const (
	markArrived    = "came"
	markDone       = "done"
	markTerminated = "term"
)

// suffix is that of an account's file, which is named for its backend.
const suffix = ".account"

// Account is what one backend wrote down.
type Account struct {
	// Name is the backend's, as its answers bear it.
	Name string
	// Arrived and Done count how often each id came and was answered.
	Arrived, Done map[string]int
	// RunningAtSIGTERM is how many requests ran when the backend was told to end.
	RunningAtSIGTERM int
}

// ReadAccounts reads the accounts of all backends that wrote into a directory.
func ReadAccounts(dir string) ([]Account, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return nil, err
	}
	var accounts []Account
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		account, err := parseAccount(strings.TrimSuffix(filepath.Base(file), suffix), data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		accounts = append(accounts, account)
	}
	return accounts, nil
}

func parseAccount(name string, data []byte) (Account, error) {
	a := Account{Name: name, Arrived: map[string]int{}, Done: map[string]int{}}
	for line := range bytes.Lines(data) {
		// The last line of a backend that was killed may be cut; it is of a request that was not answered.
		text, whole := strings.CutSuffix(string(line), "\n")
		if !whole {
			continue
		}
		mark, rest, _ := strings.Cut(text, " ")
		switch mark {
		case markArrived:
			a.Arrived[rest]++
		case markDone:
			a.Done[rest]++
		case markTerminated:
			n, err := strconv.Atoi(rest)
			if err != nil {
				return a, fmt.Errorf("line %q: %w", text, err)
			}
			a.RunningAtSIGTERM = n
		default:
			return a, fmt.Errorf("line %q begins with no known mark", text)
		}
	}
	return a, nil
}

// book writes an account. Each line is one write to a file opened for appending: what was written stays when the process is
// killed, and lines of several goroutines don't mix.
type book struct {
	file *os.File
}

func openBook(dir, name string) (*book, error) {
	file, err := os.OpenFile(filepath.Join(dir, name+suffix), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &book{file}, nil
}

// note panics if it can't write: an account with gaps is worse than none.
func (b *book) note(mark, what string) {
	if _, err := b.file.WriteString(mark + " " + what + "\n"); err != nil {
		panic(fmt.Sprintf("the account can't be written: %v", err))
	}
}
