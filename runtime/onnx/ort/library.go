package ort

/*
#cgo CFLAGS: -O2 -Wall
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// Library is a loaded onnxruntime. It and its sessions may be used by any
// number of goroutines; it must outlive its sessions.
type Library struct {
	c    *C.Library
	path string
}

// LoadError says that a library could not be loaded.
type LoadError struct {
	Path    string
	Problem string
}

func (e *LoadError) Error() string {
	return fmt.Sprintf("%s can't be used as onnxruntime: %s", e.Path, e.Problem)
}

// Error is what onnxruntime answered.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return e.Message }

// Code is onnxruntime's class of an error.
type Code int

// The classes that are told apart here, numbered as onnxruntime numbers them.
const (
	CodeFail             Code = 1
	CodeInvalidArgument  Code = 2
	CodeNoSuchFile       Code = 3
	CodeRuntimeException Code = 6
	CodeInvalidProtobuf  Code = 7
	CodeNotImplemented   Code = 9
	CodeInvalidGraph     Code = 10
)

// Load opens the shared library at path, an absolute path or a name that the
// system's loader finds. An error is a *LoadError.
func Load(path string) (*Library, error) {
	c := (*C.Library)(C.calloc(1, C.sizeof_Library))
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	if problem := C.library_load(c, name); problem != nil {
		defer C.free(unsafe.Pointer(problem))
		C.free(unsafe.Pointer(c))
		return nil, &LoadError{Path: path, Problem: C.GoString(problem)}
	}
	lib := &Library{c: c, path: path}
	// Below fatal it logs what it returns as well, a line for each bad request.
	const logFatal = 4
	if err := lib.check(C.library_start(c, logFatal)); err != nil {
		return nil, errors.Join(&LoadError{Path: path, Problem: err.Error()}, lib.Close())
	}
	return lib, nil
}

// Version is the library's own, as "1.32.0".
func (l *Library) Version() string { return C.GoString(l.c.version) }

// Path is what Load was given.
func (l *Library) Path() string { return l.path }

// Close releases what the library holds. The code stays loaded: it has threads
// and exit handlers of its own.
func (l *Library) Close() error {
	C.library_stop(l.c)
	C.free(unsafe.Pointer(l.c))
	l.c = nil
	return nil
}

// check turns a status into an error and releases it.
func (l *Library) check(status *C.OrtStatus) error {
	if status == nil {
		return nil
	}
	defer C.status_release(l.c, status)
	return &Error{Code: Code(C.status_code(l.c, status)), Message: C.GoString(C.status_message(l.c, status))}
}
