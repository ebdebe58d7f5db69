package proxy

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// victimDir makes the test binary run a proxy in the directory that it names, until it is killed.
const victimDir = "SLUICE_TEST_VICTIM_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		victim(dir)
	}
	goleak.VerifyTestMain(m)
}

// fakeProcess ends when it is told to, or on a signal that it obeys.
type fakeProcess struct {
	number int
	obeys  []syscall.Signal

	mu      sync.Mutex
	signals []syscall.Signal
	done    chan struct{}
	once    sync.Once
}

func (f *fakeProcess) pid() int                { return f.number }
func (f *fakeProcess) exited() <-chan struct{} { return f.done }
func (f *fakeProcess) outcome() string         { return "signal: killed" }
func (f *fakeProcess) end()                    { f.once.Do(func() { close(f.done) }) }

func (f *fakeProcess) signal(s syscall.Signal) error {
	f.mu.Lock()
	f.signals = append(f.signals, s)
	f.mu.Unlock()
	if slices.Contains(f.obeys, s) {
		f.end()
	}
	return nil
}

// supervised is a proxy over fake processes, which start hands out one after the other.
type supervised struct {
	proxy *Proxy

	mu      sync.Mutex
	started []time.Time
	last    *fakeProcess
}

func newSupervised(obeys ...syscall.Signal) *supervised {
	s := &supervised{proxy: &Proxy{
		options: Options{KillAfter: 5 * time.Second},
		logger:  slog.New(slog.DiscardHandler),
		drain:   func(process, time.Duration) {},
	}}
	s.proxy.start = func() (process, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.started = append(s.started, time.Now())
		s.last = &fakeProcess{number: 1000 + len(s.started), obeys: obeys, done: make(chan struct{})}
		return s.last, nil
	}
	return s
}

func (s *supervised) current() *fakeProcess {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func TestRestartsWithGrowingWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSupervised(syscall.SIGTERM)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.proxy.Run(ctx) }()
		for range 8 {
			synctest.Wait()
			s.current().end()
			time.Sleep(lastBackoff + time.Millisecond)
		}
		synctest.Wait()
		// One that has run long enough begins with the first wait again.
		time.Sleep(steady)
		before := time.Now()
		s.current().end()
		time.Sleep(lastBackoff)
		synctest.Wait()

		if wait := s.started[len(s.started)-1].Sub(before); wait != firstBackoff {
			t.Errorf("after a steady run the wait is %s, want %s", wait, firstBackoff)
		}
		if state := s.proxy.State(); state.Restarts != 9 || state.PID != 1010 || state.LastExit == "" {
			t.Errorf("state: %+v", state)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if pid, _ := s.proxy.Process(); pid != 0 {
			t.Errorf("after the end there is a process %d", pid)
		}
	})
}

func TestStopEscalates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		obeys []syscall.Signal
		want  []syscall.Signal
		took  time.Duration
	}{
		{[]syscall.Signal{syscall.SIGTERM}, []syscall.Signal{syscall.SIGTERM}, 0},
		{[]syscall.Signal{syscall.SIGKILL}, []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}, 5 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSupervised(c.obeys...)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.proxy.Run(ctx) }()
			synctest.Wait()
			began := time.Now()
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took != c.took || !slices.Equal(s.last.signals, c.want) {
				t.Errorf("signals %v in %s, want %v in %s", s.last.signals, took, c.want, c.took)
			}
		})
	}
}

func TestFirstStartFailureIsReturned(t *testing.T) {
	t.Parallel()
	s := newSupervised()
	broken := errors.New("no such file")
	s.proxy.start = func() (process, error) { return nil, broken }
	if err := s.proxy.Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// TestArguments holds what a port's connections are promised when the port is taken away.
func TestArguments(t *testing.T) {
	t.Parallel()
	p := &Proxy{options: Options{Dir: "/state"}}
	got := strings.Join(p.arguments(), " ")
	if want := "--drain-strategy immediate --drain-time-s 3600"; !strings.Contains(got, want) {
		t.Errorf("arguments %s, want %s in them", got, want)
	}
}
