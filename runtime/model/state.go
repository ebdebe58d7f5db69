package model

// State is where a model is in its life.
type State int

// The states, in the order of a life without trouble. A failed model can be
// loaded again.
const (
	Unloaded State = iota
	Loading
	Warming
	Ready
	Failed
	Unloading
)

func (s State) String() string {
	switch s {
	case Loading:
		return "loading"
	case Warming:
		return "warming up"
	case Ready:
		return "ready"
	case Failed:
		return "failed"
	case Unloading:
		return "unloading"
	default:
		return "unloaded"
	}
}

// Status is a model's state and why.
type Status struct {
	State  State
	Reason string // what went wrong, or empty
}
