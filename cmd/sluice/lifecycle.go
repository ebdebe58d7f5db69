package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// stopGrace bounds an orderly stop of the processes, beyond which they are killed.
const stopGrace = 30 * time.Second

// maxEnvoyMessage bounds what Envoy may send at once. A load report of 20,000 endpoints takes 4 MiB, which is gRPC's own
// bound.
const maxEnvoyMessage = 64 << 20

// serve runs all parts until ctx ends or one fails, then stops them in order: Envoy lets its requests finish
// while the models still run, then the models end, then what served both.
func (s *stack) serve(ctx, impatient context.Context, show func(context.Context)) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	control, stopControl := context.WithCancel(context.WithoutCancel(ctx))
	defer stopControl()
	discovery := grpc.NewServer(grpc.MaxRecvMsgSize(maxEnvoyMessage))
	s.xds.Register(discovery)
	s.loads.Register(discovery)
	s.answers.Register(discovery)

	var controls, edges sync.WaitGroup
	supervise(&controls, fail, "admin port", func() error { return s.admin.Serve(control, s.adminPort) })
	supervise(&controls, fail, "xDS server", func() error { return discovery.Serve(s.xdsSocket) })
	supervise(&edges, fail, "driver", func() error { return s.driver.Run(ctx, s.engine, s.xds, s.proxy) })
	supervise(&edges, fail, "Envoy", func() error { return s.proxy.Run(ctx) })
	edges.Go(func() { show(ctx) })

	<-ctx.Done()
	s.logger.Info("stopping")
	edges.Wait()
	err := s.stopEngine(impatient)
	stopControl()
	discovery.Stop()
	controls.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// stopEngine ends the processes, patiently until a second Ctrl-C.
func (s *stack) stopEngine(impatient context.Context) error {
	ctx, cancel := context.WithTimeout(impatient, stopGrace)
	defer cancel()
	return s.engine.Stop(ctx)
}

// supervise runs one part; its failure is everybody's.
func supervise(group *sync.WaitGroup, fail context.CancelCauseFunc, name string, part func() error) {
	group.Go(func() {
		if err := part(); err != nil {
			fail(fmt.Errorf("%s: %w", name, err))
		}
	})
}
