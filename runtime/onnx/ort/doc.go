// Package ort is a thin binding of onnxruntime's C API: what a model server
// needs of it, and no policy. The library is loaded when it is asked for, so a
// binary without it runs everything else.
//
// It is our own because the Go module that wraps the same API
// (github.com/yalue/onnxruntime_go, 1.27) converts what a run returns in ways
// that a general server can't accept: FP16 and BF16 outputs whose shape isn't
// known beforehand are cut to half their bytes and refused, scalars are refused
// as shapes without dimensions, strings end at their first NUL, and a sequence
// of such tensors panics. It also opens each model twice to read its signature,
// and can't be given the memory of a request without keeping it pinned.
package ort
