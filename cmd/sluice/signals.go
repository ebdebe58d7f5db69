package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// endSignals are those that ask for an orderly end: Ctrl-C, kill, and the end of the terminal or the ssh session. Who
// started sluice with nohup wants it to outlive the terminal.
func endSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// secondSignal gives a context that ends at the second signal of [endSignals]. Without it the second would end
// sluice at once and leave its children behind.
func secondSignal() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endSignals()...)
	go func() {
		defer signal.Stop(signals)
		for range 2 {
			select {
			case <-signals:
			case <-ctx.Done():
				return
			}
		}
		cancel()
	}()
	return ctx, cancel
}

// outliveReaders has a write fail where who read sluice's output is gone, until it is undone. Without it that write would
// end sluice, and leave Envoy and the models to themselves. To ignore the signal would do it too, but children would inherit that.
func outliveReaders() (undo func()) {
	never := make(chan os.Signal, 1)
	signal.Notify(never, syscall.SIGPIPE)
	return func() { signal.Stop(never) }
}
