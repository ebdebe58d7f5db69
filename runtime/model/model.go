package model

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/sluice-serving/sluice/api/oip"
)

// Options are how a model is served. The zero value bounds nothing and batches
// nothing.
type Options struct {
	// MaxConcurrency is how many predictions of the model run at once; 0: any number.
	MaxConcurrency int
	// MaxQueue is how many requests wait when MaxConcurrency run; the next is refused.
	MaxQueue int
	// Batch joins requests; the zero value doesn't.
	Batch BatchOptions
	// Observer is told of what happens; nil: nobody.
	Observer Observer
}

// Observer is told of what a model does; its methods must not block.
type Observer interface {
	// Loaded: how long loading and warming up took.
	Loaded(model string, took time.Duration)
	// Batch: how many rows were computed by one call of the predictor.
	Batch(model string, rows int)
}

// Model is one version of a served model. Its methods may be called from any
// goroutine.
type Model struct {
	Name     string
	Version  string
	Platform string // as V2's metadata has it: "onnxruntime_onnx"
	open     Opener
	options  Options
	admit    *admission

	mu      sync.Mutex
	status  Status
	serving *serving // nil unless ready
}

// serving is a loaded predictor and those that use it.
type serving struct {
	predictor Predictor
	selective Selective // the predictor, if it is one
	signature Signature
	batcher   batcher // nil: no batching
	inFlight  sync.WaitGroup
}

// New makes a model that open will load.
func New(name, version, platform string, open Opener, options Options) *Model {
	running := options.MaxConcurrency
	if options.Batch.enabled() {
		// The bound is on calls of the predictor: each may join that many, and the next is gathered meanwhile.
		running = (running + min(running, 1)) * options.Batch.MaxSize
	}
	return &Model{Name: name, Version: version, Platform: platform, open: open, options: options, admit: newAdmission(name, running, options.MaxQueue)}
}

// Load opens and warms up the model; it is ready when Load gives nil. A model
// that is loaded, or being loaded or unloaded, is an error.
func (m *Model) Load(ctx context.Context) error {
	if err := m.begin(); err != nil {
		return err
	}
	start := time.Now()
	s, err := m.prepare(ctx)
	if err != nil {
		m.set(Status{State: Failed, Reason: err.Error()})
		return fmt.Errorf("model %q: %w", m.Name, err)
	}
	if m.options.Observer != nil {
		m.options.Observer.Loaded(m.Name, time.Since(start))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status, m.serving = Status{State: Ready}, s
	return nil
}

func (m *Model) begin() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.status.State {
	case Unloaded, Failed:
		m.status = Status{State: Loading}
		return nil
	default:
		return fmt.Errorf("model %q is %s already", m.Name, m.status.State)
	}
}

func (m *Model) prepare(ctx context.Context) (*serving, error) {
	predictor, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	m.set(Status{State: Warming})
	s := &serving{predictor: predictor, signature: predictor.Signature()}
	s.selective, _ = predictor.(Selective)
	if err := warmUp(ctx, predictor); err != nil {
		return nil, joinClose(err, predictor)
	}
	if m.options.Batch.enabled() {
		if !s.signature.Batchable() {
			return nil, joinClose(fmt.Errorf("it can't be batched: the first dimension of every input and output must take any size (-1); its inputs are %s and its outputs %s: turn batching off",
				describe(s.signature.Inputs), describe(s.signature.Outputs)), predictor)
		}
		s.batcher = m.newBatcher(s)
	}
	return s, nil
}

// warmUp runs the model once, so that the first request doesn't pay for what is
// set up lazily. A refusal of the zeros is no fault of the model: some take
// only certain values.
func warmUp(ctx context.Context, predictor Predictor) error {
	zeros, ok := predictor.Signature().Zeros()
	if !ok {
		return nil
	}
	_, err := predictor.Predict(ctx, zeros)
	if err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

func joinClose(err error, predictor Predictor) error {
	if closing := predictor.Close(); closing != nil {
		return fmt.Errorf("%w (and closing it: %w)", err, closing)
	}
	return err
}

func (m *Model) set(s Status) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = s
}

// Status is the model's state now.
func (m *Model) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status
}

// Signature is the model's, or a *NotReadyError.
func (m *Model) Signature() (Signature, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.serving == nil {
		return Signature{}, m.notReadyLocked()
	}
	return m.serving.signature, nil
}

// Predict computes the named outputs, or all if none is named, in that order.
// An error is an *oip.TensorError or *InvalidInputError for what the client got
// wrong, a *NotReadyError, an *OverloadedError, ctx's error, or the predictor's.
func (m *Model) Predict(ctx context.Context, inputs []oip.Tensor, outputs []string) ([]oip.Tensor, error) {
	s, err := m.enter()
	if err != nil {
		return nil, err
	}
	defer s.inFlight.Done()
	c, err := s.read(inputs, outputs)
	if err != nil {
		return nil, err
	}
	computed, err := m.compute(ctx, s, c)
	if err != nil || s.selective != nil {
		return computed, err
	}
	return s.signature.Select(outputs, computed)
}

// read makes a call of a request.
func (s *serving) read(inputs []oip.Tensor, outputs []string) (c call, err error) {
	if s.selective == nil {
		if c.inputs, err = s.signature.Arrange(inputs); err != nil {
			return c, err
		}
		return c, s.signature.CheckOutputs(outputs)
	}
	if c.outputs, err = s.selective.Choose(outputs); err != nil {
		return c, err
	}
	c.inputs, err = s.selective.Arrange(inputs)
	return c, err
}

// run is one call of the predictor.
func (s *serving) run(ctx context.Context, c call) ([]oip.Tensor, error) {
	if s.selective != nil {
		return s.selective.PredictSome(ctx, c.inputs, c.outputs)
	}
	return s.predictor.Predict(ctx, c.inputs)
}

func (m *Model) newBatcher(s *serving) batcher {
	c := computer{run: s.run, observe: m.observeBatch}
	if m.options.Batch.MaxLatency > 0 {
		return newTimedBatcher(c, m.options.Batch)
	}
	// More calls at once than processors make each slower and the batches smaller.
	lanes := runtime.GOMAXPROCS(0)
	if m.options.MaxConcurrency > 0 {
		lanes = min(lanes, m.options.MaxConcurrency)
	}
	return newAdaptiveBatcher(c, m.options.Batch.MaxSize, lanes)
}

func (m *Model) compute(ctx context.Context, s *serving, c call) ([]oip.Tensor, error) {
	release, err := m.admit.reserve(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if s.batcher != nil {
		return s.batcher.predict(ctx, c)
	}
	m.observeBatch(rowsOf(c.inputs))
	return s.run(ctx, c)
}

// enter counts a request in; serving.inFlight.Done counts it out.
func (m *Model) enter() (*serving, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.serving == nil {
		return nil, m.notReadyLocked()
	}
	m.serving.inFlight.Add(1)
	return m.serving, nil
}

func (m *Model) notReadyLocked() error {
	return &NotReadyError{Model: m.Name, State: m.status.State, Reason: m.status.Reason}
}

func (m *Model) observeBatch(rows int) {
	if m.options.Observer != nil {
		m.options.Observer.Batch(m.Name, rows)
	}
}

// Unload takes no new request, waits until those in flight are answered, and
// frees the model. A model that isn't ready is left as it is.
func (m *Model) Unload() error {
	m.mu.Lock()
	s := m.serving
	if s == nil {
		m.mu.Unlock()
		return nil
	}
	m.serving, m.status = nil, Status{State: Unloading}
	m.mu.Unlock()

	s.inFlight.Wait()
	if s.batcher != nil {
		s.batcher.stop()
	}
	err := s.predictor.Close()
	m.set(Status{State: Unloaded})
	return err
}

// rowsOf is the number of rows of a request: the first dimension, 1 for a scalar.
func rowsOf(inputs []oip.Tensor) int {
	if len(inputs) == 0 || len(inputs[0].Shape) == 0 {
		return 1
	}
	return int(inputs[0].Shape[0])
}
