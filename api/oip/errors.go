package oip

import (
	"errors"
	"fmt"
)

// TensorError is what a client got wrong about one tensor.
type TensorError struct {
	Tensor   string // its name; empty where the request gave none
	Expected string // what would have been right; empty where Problem says it all
	Given    string // what the request held instead
	Problem  string // used instead of Expected and Given where there is no pair
}

func (e *TensorError) Error() string {
	what := "tensor"
	if e.Tensor != "" {
		what = fmt.Sprintf("tensor %q", e.Tensor)
	}
	if e.Problem != "" {
		return what + ": " + e.Problem
	}
	return fmt.Sprintf("%s: expected %s, given %s", what, e.Expected, e.Given)
}

// RequestError is what a client got wrong about a request as a whole.
type RequestError struct {
	Where   string // the JSON path or header; empty for the whole body
	Problem string
}

func (e *RequestError) Error() string {
	if e.Where == "" {
		return e.Problem
	}
	return e.Where + ": " + e.Problem
}

// SyntaxError is a body that isn't JSON.
type SyntaxError struct {
	Offset  int // bytes from the body's start
	Problem string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("the body is not valid JSON: %s at byte %d", e.Problem, e.Offset)
}

// IsRequestFault says whether an error is the client's: one of this package's.
func IsRequestFault(err error) bool {
	var (
		syntax  *SyntaxError
		tensor  *TensorError
		request *RequestError
	)
	return errors.As(err, &syntax) || errors.As(err, &tensor) || errors.As(err, &request)
}

// ErrorBody is the protocols' shape of an error.
type ErrorBody struct {
	Error string `json:"error"`
}
