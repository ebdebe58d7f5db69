package formats

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sluice-serving/sluice/bench/load"
	"github.com/sluice-serving/sluice/bench/rig"
	"github.com/sluice-serving/sluice/bench/rounds"
)

// outcome is what was measured of one server with one format.
type outcome struct {
	setting
	// idle is its memory when it had answered once.
	idle rig.Memory
	// loaded has the rounds for each number of connections, in the effort's order.
	loaded [][]measured
}

// measured is one round.
type measured struct {
	load.Result
	// memory is that of the server's processes after it.
	memory rig.Memory
}

// measureServing runs all servers over a model side by side, has them agree on the answer, and loads one after the other.
func measureServing(ctx context.Context, r *rig.Rig, f format, settings []setting, e effort, cpus []int) ([]outcome, error) {
	m, err := f.place(r)
	if err != nil {
		return nil, err
	}
	body, err := os.ReadFile(filepath.Join(examples(r), "v2", "iris-input.json"))
	if err != nil {
		return nil, err
	}
	servers := make([]*server, 0, len(settings))
	defer func() {
		for _, s := range servers {
			s.process.End()
		}
	}()
	for _, s := range settings {
		running, err := s.start(r, m, body, cpus)
		if err != nil {
			return nil, err
		}
		servers = append(servers, running)
	}
	outcomes, err := settle(ctx, servers)
	if err != nil {
		return nil, err
	}
	for _, connections := range e.connections {
		found, err := rotate(ctx, r, f, servers, e, connections)
		if err != nil {
			return nil, err
		}
		for i := range outcomes {
			outcomes[i].loaded = append(outcomes[i].loaded, found[i])
		}
	}
	return outcomes, nil
}

// settle waits for all and compares their answers.
func settle(ctx context.Context, servers []*server) ([]outcome, error) {
	outcomes := make([]outcome, len(servers))
	var first []float64
	for i, s := range servers {
		values, err := s.awaitAnswer(ctx)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			first = values
		}
		if !agree(first, values) {
			return nil, fmt.Errorf("%s answers %v and %s %v: they do not compute the same", servers[0].title, first, s.title, values)
		}
		outcomes[i].setting = s.setting
		if outcomes[i].idle, err = rig.TreeMemory(s.process.PID()); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// rotate loads the servers in turn, in each round.
func rotate(ctx context.Context, r *rig.Rig, f format, servers []*server, e effort, connections int) ([][]measured, error) {
	contenders := make([]rounds.Measure[measured], len(servers))
	for i, s := range servers {
		contenders[i] = func(ctx context.Context, round int) (measured, error) {
			result, err := load.Closed(ctx, load.Options{Target: s.target, Connections: connections, Warmup: e.warmup, Duration: e.loaded})
			if err != nil {
				return measured{}, fmt.Errorf("%s: %w", s.title, err)
			}
			memory, err := rig.TreeMemory(s.process.PID())
			if err == nil {
				r.Logger.Info("served", "format", f.name, "by", s.title, "connections", connections, "round", round+1,
					"rps", int(result.Rate()), "p50", result.P50, "p99", result.P99, "mebibytes", memory.Resident>>20)
			}
			return measured{result, memory}, err
		}
	}
	return rounds.Rotate(ctx, r.Rounds, contenders...)
}
