package standalone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/sluice-serving/sluice/bench/load"
	"github.com/sluice-serving/sluice/bench/rig"
)

const (
	// coldTimeout bounds a cold start, however many services there are.
	coldTimeout = 5 * time.Minute
	// coldAskers ask in parallel which services answer, each its share of them, and wait coldPause after a no: few and
	// patient, since what they use of the machine is missing to what they measure.
	coldAskers = 4
	coldPause  = 5 * time.Millisecond
)

// fleet is a directory of services of one kind, and the sluice that serves it.
type fleet struct {
	rig  *rig.Rig
	kind kind
	size int
	dir  string
	// cpus, if any, are all that sluice and what it starts may use.
	cpus []int

	sluice *rig.Sluice
	// poller stays open on service 0, whose present version this is.
	poller  *load.Connection
	version int
}

// newFleet writes the manifests, a file each, and has sluice check them: what it refuses would be waited for in vain.
func newFleet(ctx context.Context, r *rig.Rig, k kind, size int) (*fleet, error) {
	dir, err := os.MkdirTemp(r.Work, "manifests-")
	if err != nil {
		return nil, err
	}
	f := &fleet{rig: r, kind: k, size: size, dir: dir}
	for i := range size {
		if err := os.WriteFile(f.file(i), []byte(k.manifest(i, 0)), 0o600); err != nil {
			return nil, err
		}
	}
	validate := exec.CommandContext(ctx, r.Sluice, "validate", dir) //nolint:gosec // the rig's own binary and folder
	if said, err := validate.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("sluice validate: %w; the benchmark's manifests are wrong: %.2000s", err, said)
	}
	return f, nil
}

func (f *fleet) file(service int) string {
	return filepath.Join(f.dir, fmt.Sprintf("s%d.yaml", service))
}

// start executes `sluice run` and gives how long it took until every service had answered 200 through Envoy.
func (f *fleet) start(ctx context.Context) (time.Duration, error) {
	begin := time.Now()
	var err error
	if f.sluice, err = f.rig.StartSluice(f.dir, f.cpus); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, coldTimeout)
	defer cancel()
	var group sync.WaitGroup
	errs := make([]error, coldAskers)
	for i := range errs {
		group.Go(func() {
			if errs[i] = f.askAll(ctx, i); errs[i] != nil {
				cancel()
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, errors.Join(fmt.Errorf("%s, %d services: %w", f.kind.title, f.size, err), f.stop())
	}
	took := time.Since(begin)
	f.poller, err = load.Dial(ctx, f.target(0))
	return took, err
}

func (f *fleet) target(service int) load.Target {
	return load.Target{Address: f.sluice.Address, Host: f.kind.host(service), Path: "/"}
}

// askAll asks every coldAskers-th service until it has answered.
func (f *fleet) askAll(ctx context.Context, first int) error {
	var connection *load.Connection
	defer func() {
		if connection != nil {
			_ = connection.Close() // it did what it was for
		}
	}()
	for service := first; service < f.size; {
		err := f.askOnce(ctx, &connection, service)
		if err == nil {
			service += coldAskers
			continue
		}
		select {
		case <-time.After(coldPause):
		case <-f.sluice.Exited():
			return f.sluice.Err()
		case <-ctx.Done():
			return fmt.Errorf("service %d: %w, at last: %w", service, ctx.Err(), err)
		}
	}
	return nil
}

// askOnce asks a service over the connection, or over a new one if there is none.
func (f *fleet) askOnce(ctx context.Context, connection **load.Connection, service int) error {
	if *connection == nil {
		var err error
		if *connection, err = load.Dial(ctx, f.target(service)); err != nil {
			return err
		}
	}
	(*connection).Retarget(f.target(service))
	answer, err := (*connection).Ask()
	if err != nil {
		_ = (*connection).Close() // it has failed already
		*connection = nil
		return err
	}
	if status := answer.StatusCode(); status != 200 {
		return fmt.Errorf("%d %.200s", status, answer.Body())
	}
	return nil
}

// stop ends the sluice and waits until it has gone.
func (f *fleet) stop() error {
	if f.poller != nil {
		_ = f.poller.Close() // only requests went over it
		f.poller = nil
	}
	if f.sluice == nil {
		return nil
	}
	err := f.sluice.Stop()
	f.sluice = nil
	return err
}
