package stats

import (
	"sync"
	"time"
)

// The window is of some slots, each of the flushes that came within a span of time. An endpoint takes half a kilobyte in
// each slot that it answered in, and nothing once it has been idle for the window.
const (
	slotCount = 5
	slotSpan  = 2 * time.Second
)

// Observer is told of each flush, from the goroutine that took it; it must not keep that one waiting, and must not change
// the flush.
type Observer interface {
	ObserveAnswers(now time.Time, flush Flush)
}

// StoreOptions are what a [Store] is made from.
type StoreOptions struct {
	Observers []Observer
}

// Store keeps what all Envoys together flushed in the last eight to ten seconds.
type Store struct {
	observers []Observer

	mu    sync.Mutex
	slots [slotCount]slot
}

// slot holds the flushes of one span; span counts spans since 1970.
type slot struct {
	span       int64
	byEndpoint map[string]*Answers
}

// NewStore makes an empty store.
func NewStore(o StoreOptions) *Store { return &Store{observers: o.Observers} }

// Add takes a flush that came at now.
func (s *Store) Add(now time.Time, flush Flush) {
	s.keep(now, flush)
	for _, observer := range s.observers {
		observer.ObserveAnswers(now, flush)
	}
}

func (s *Store) keep(now time.Time, flush Flush) {
	span := spanOf(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	into := &s.slots[span%slotCount]
	if into.span != span {
		*into = slot{span: span, byEndpoint: make(map[string]*Answers, len(flush.ByEndpoint))}
	}
	for endpoint, answers := range flush.ByEndpoint {
		sum := into.byEndpoint[endpoint]
		if sum == nil {
			sum = &Answers{}
			into.byEndpoint[endpoint] = sum
		}
		sum.Add(answers)
	}
}

// Window gives what each endpoint, "ip:port", answered in the window that ends at now, and how long that is. The caller owns
// it.
func (s *Store) Window(now time.Time) (answers map[string]*Answers, took time.Duration) {
	oldest := spanOf(now) - slotCount + 1
	window := map[string]*Answers{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.slots {
		if s.slots[i].span < oldest {
			s.slots[i] = slot{}
			continue
		}
		for endpoint, answers := range s.slots[i].byEndpoint {
			sum := window[endpoint]
			if sum == nil {
				sum = &Answers{}
				window[endpoint] = sum
			}
			sum.Add(answers)
		}
	}
	return window, now.Sub(time.Unix(0, oldest*int64(slotSpan)))
}

func spanOf(now time.Time) int64 { return now.UnixNano() / int64(slotSpan) }
