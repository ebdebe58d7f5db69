package engine

import "time"

// backoff is Kubernetes' CrashLoopBackOff with shorter times: here the person who mends the program is watching.
type backoff struct {
	first, limit time.Duration
	// forgive is how long a run has to last for the delays to begin again at first.
	forgive time.Duration
	next    time.Duration
	// again says that the last run was short and so was the one before it.
	again bool
}

// delay is how long to wait after a run that lasted ran: first, doubled with every short run, at most limit.
func (b *backoff) delay(ran time.Duration) time.Duration {
	if b.again = b.next != 0 && ran < b.forgive; !b.again {
		b.next = b.first
	}
	d := b.next
	b.next = min(2*b.next, b.limit)
	return d
}
