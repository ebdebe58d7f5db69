package standalone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sluice-serving/sluice/bench/load"
	"github.com/sluice-serving/sluice/bench/rig"
	"github.com/sluice-serving/sluice/bench/rounds"
)

// connections keep one worker of Envoy busy at all times, and are few enough to say something about latency.
const connections = 32

// passage is one way from the client to the backend.
type passage struct {
	name   string
	target load.Target
	// envoy is the process that stands in it; 0 for none.
	envoy int
}

// measured is what one round of load found.
type measured struct {
	load.Result
	// cpu is Envoy's CPU time per request of the round, those of the warm-up included.
	cpu time.Duration
}

// overhead is the throughput through our Envoy, through the hand-written one, and past both.
type overhead struct {
	concurrency          int
	proxies, others      []int
	ours, peer, straight []measured
}

// measureOverhead loads one backend, a process of an InferenceService, on both ways in alternating rounds. Both Envoys
// have the same processor, client and backend the others.
func measureOverhead(ctx context.Context, r *rig.Rig, k kind, e effort) (o overhead, err error) {
	if o.proxies, o.others, err = rig.SplitCPUs(); err != nil {
		return o, err
	}
	f, err := newFleet(ctx, r, k, 2)
	if err != nil {
		return o, err
	}
	f.cpus = o.proxies
	if _, err := f.start(ctx); err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, f.stop()) }()
	// Service 0 has a canary: the other one is the plain predictor.
	const plain = 1
	backend, err := f.backend(ctx, plain)
	if err != nil {
		return o, err
	}
	info, err := rig.AskEnvoy(ctx, f.sluice.EnvoyAdmin())
	if err != nil {
		return o, err
	}
	o.concurrency = info.Options.Concurrency
	peer, err := startMinimal(ctx, r, backend.port, o.concurrency, o.proxies)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, peer.Stop()) }()
	release, err := pinLoad(backend.pid, o.others)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, release()) }()
	ours, err := f.sluice.EnvoyPID()
	if err != nil {
		return o, err
	}
	target := f.target(plain)
	return o, o.alternate(ctx, r, e,
		passage{"sluice", target, ours},
		passage{"hand-written", load.Target{Address: peer.address, Host: target.Host, Path: target.Path}, peer.PID()},
		passage{"no Envoy", load.Target{Address: fmt.Sprintf("127.0.0.1:%d", backend.port), Host: target.Host, Path: target.Path}, 0},
	)
}

// alternate loads ours and the peer's in turn, then the backend itself, which shows that it and the client can do more.
func (o *overhead) alternate(ctx context.Context, r *rig.Rig, e effort, ours, peer, straight passage) error {
	measure := func(p passage) rounds.Measure[measured] {
		return func(ctx context.Context, round int) (measured, error) {
			m, err := p.load(ctx, e)
			if err == nil {
				r.Logger.Info("throughput", "through", p.name, "round", round+1, "rps", int(m.Rate()), "p50", m.P50, "p99", m.P99, "envoy", m.cpu)
			}
			return m, err
		}
	}
	both, err := rounds.Rotate(ctx, r.Rounds, measure(ours), measure(peer))
	if err != nil {
		return err
	}
	past, err := rounds.Rotate(ctx, 1, measure(straight))
	if err != nil {
		return err
	}
	o.ours, o.peer, o.straight = both[0], both[1], past[0]
	return nil
}

// load is one round on one way.
func (p passage) load(ctx context.Context, e effort) (measured, error) {
	used := func() (time.Duration, error) {
		if p.envoy == 0 {
			return 0, nil
		}
		u, err := rig.UsageOf(p.envoy)
		return u.CPU, err
	}
	before, err := used()
	if err != nil {
		return measured{}, err
	}
	result, err := load.Closed(ctx, load.Options{Target: p.target, Connections: connections, Warmup: e.warmup, Duration: e.loaded})
	if err != nil {
		return measured{}, err
	}
	after, err := used()
	all := max(1, result.Requests+result.Warmups)
	return measured{Result: result, cpu: (after - before) / time.Duration(all)}, err
}

// pinLoad has the client, which is this process, and the backend use cpus alone, until release is called for the client.
func pinLoad(backend int, cpus []int) (release func() error, err error) {
	all, err := rig.CPUs()
	if err != nil {
		return nil, err
	}
	if err := rig.Pin(backend, cpus); err != nil {
		return nil, err
	}
	return func() error { return rig.Pin(os.Getpid(), all) }, rig.Pin(os.Getpid(), cpus)
}

// process is a model's.
type process struct{ pid, port int }

// backend is the process of a service that has one. A service may answer a moment before the admin port shows its process.
func (f *fleet) backend(ctx context.Context, service int) (found process, err error) {
	err = f.sluice.Await(ctx, time.Minute, func(ctx context.Context) error {
		s, err := f.sluice.Admin.Service(ctx, "default", object(service))
		if err != nil {
			return err
		}
		if len(s.Pods) != 1 || len(s.Pods[0].Containers) != 1 || len(s.Pods[0].Ports) != 1 || s.Pods[0].Containers[0].PID == 0 {
			return fmt.Errorf("service %s has not one process with one port: %+v", s.Name, s.Pods)
		}
		found = process{pid: s.Pods[0].Containers[0].PID, port: int(s.Pods[0].Ports[0].Port)}
		return nil
	})
	return found, err
}
