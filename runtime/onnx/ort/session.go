package ort

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"unsafe"
)

// Session is an opened model.
type Session struct {
	lib     *Library
	c       *C.OrtSession
	inputs  []Port
	outputs []Port
	// The names as C has them, in C's memory, made once.
	inputNames  cNames
	outputNames cNames
}

// Open reads the model file at path. Its operators run on threads threads of
// their own pool; 1 runs them on the caller's.
func (l *Library) Open(path string, threads int) (*Session, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	s := &Session{lib: l}
	if err := l.check(C.session_open(l.c, name, C.int(threads), &s.c)); err != nil {
		return nil, err
	}
	var err error
	if s.inputs, err = s.ports(false); err == nil {
		s.outputs, err = s.ports(true)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.inputNames, s.outputNames = newCNames(s.inputs), newCNames(s.outputs)
	return s, nil
}

// Inputs are what Run takes, in this order.
func (s *Session) Inputs() []Port { return s.inputs }

// Outputs are what Run gives, in this order.
func (s *Session) Outputs() []Port { return s.outputs }

// Close frees the model. No Run may be under way.
func (s *Session) Close() error {
	C.session_close(s.lib.c, s.c)
	s.inputNames.free()
	s.outputNames.free()
	s.c = nil
	return nil
}

// Run computes the outputs of one tensor for each input. It may be called by
// many goroutines at once. When ctx ends it stops between two operators and
// gives ctx's error. The inputs' memory is read in place.
func (s *Session) Run(ctx context.Context, inputs []Value) ([]Value, error) {
	if len(inputs) != len(s.inputs) {
		return nil, fmt.Errorf("%d values given for %d inputs", len(inputs), len(s.inputs))
	}
	// The values hold pointers into Go's memory until they are released.
	var pinner runtime.Pinner
	defer pinner.Unpin()
	given := make([]*C.OrtValue, len(inputs))
	defer s.lib.release(given)
	for i, v := range inputs {
		var err error
		if given[i], err = s.lib.newValue(v, &pinner); err != nil {
			return nil, fmt.Errorf("input %q: %w", s.inputs[i].Name, err)
		}
	}
	computed := make([]*C.OrtValue, len(s.outputs))
	defer s.lib.release(computed)
	if err := s.run(ctx, given, computed); err != nil {
		return nil, err
	}
	outputs := make([]Value, len(computed))
	for i, v := range computed {
		var err error
		if outputs[i], err = s.lib.readValue(v); err != nil {
			return nil, fmt.Errorf("output %q: %w", s.outputs[i].Name, err)
		}
	}
	return outputs, nil
}

func (s *Session) run(ctx context.Context, inputs, outputs []*C.OrtValue) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var options *C.OrtRunOptions
	if ctx.Done() != nil {
		if err := s.lib.check(C.run_options(s.lib.c, &options)); err != nil {
			return err
		}
		defer C.run_release(s.lib.c, options)
		terminated := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(terminated)
			// A status here could only say that the options are NULL.
			_ = s.lib.check(C.run_terminate(s.lib.c, options))
		})
		defer func() {
			if !stop() {
				<-terminated // it still uses the options
			}
		}()
	}
	err := s.lib.check(C.session_run(s.lib.c, s.c, options, s.inputNames.first(), unsafe.SliceData(inputs), C.size_t(len(inputs)),
		s.outputNames.first(), unsafe.SliceData(outputs), C.size_t(len(outputs))))
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (s *Session) ports(outputs bool) ([]Port, error) {
	var count C.size_t
	if err := s.lib.check(C.session_count(s.lib.c, s.c, C.bool(outputs), &count)); err != nil {
		return nil, err
	}
	ports := make([]Port, count)
	for i := range ports {
		port, err := s.port(outputs, i)
		if err != nil {
			return nil, err
		}
		ports[i] = port
	}
	return ports, nil
}

func (s *Session) port(outputs bool, index int) (Port, error) {
	var name *C.char
	if err := s.lib.check(C.session_name(s.lib.c, s.c, C.bool(outputs), C.size_t(index), &name)); err != nil {
		return Port{}, err
	}
	port := Port{Name: C.GoString(name)}
	if err := s.lib.check(C.name_release(s.lib.c, name)); err != nil {
		return Port{}, err
	}
	var info *C.OrtTypeInfo
	if err := s.lib.check(C.session_type(s.lib.c, s.c, C.bool(outputs), C.size_t(index), &info)); err != nil {
		return Port{}, err
	}
	defer C.type_release(s.lib.c, info)
	var err error
	port.Type, err = s.lib.readType(info)
	return port, err
}

// cNames is an array of C strings in C's memory.
type cNames []*C.char

func newCNames(ports []Port) cNames {
	if len(ports) == 0 {
		return nil
	}
	array := (**C.char)(C.malloc(C.size_t(len(ports)) * C.size_t(unsafe.Sizeof((*C.char)(nil)))))
	names := unsafe.Slice(array, len(ports))
	for i, port := range ports {
		names[i] = C.CString(port.Name)
	}
	return names
}

func (n cNames) first() **C.char { return unsafe.SliceData(n) }

func (n cNames) free() {
	for _, name := range n {
		C.free(unsafe.Pointer(name))
	}
	C.free(unsafe.Pointer(n.first()))
}
