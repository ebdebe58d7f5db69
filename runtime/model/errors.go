package model

import "fmt"

// NotReadyError says that a model is known but doesn't serve now.
type NotReadyError struct {
	Model  string
	State  State
	Reason string // empty if the state says it all
}

func (e *NotReadyError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("model %q is not ready: it is %s", e.Model, e.State)
	}
	return fmt.Sprintf("model %q is not ready: it is %s: %s", e.Model, e.State, e.Reason)
}

// OverloadedError says that a request was refused because as many as may be
// are being computed and waiting.
type OverloadedError struct {
	Model            string
	Running, Waiting int
}

func (e *OverloadedError) Error() string {
	return fmt.Sprintf("model %q is overloaded: %d requests are running and %d wait; try again later, or raise --max-concurrency or --max-queue", e.Model, e.Running, e.Waiting)
}

// InvalidInputError says that a model refused the values it was given.
type InvalidInputError struct {
	Problem string
	// Rows are those at fault, from 0, as far as they are known: a batch leaves them out at once and needn't search.
	Rows []int
}

func (e *InvalidInputError) Error() string { return e.Problem }
