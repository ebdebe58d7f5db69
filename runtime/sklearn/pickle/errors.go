package pickle

import "fmt"

// FormatError says that the bytes are no pickle that this package can read, and where.
type FormatError struct {
	Offset  int64 // into the file once decompressed
	Problem string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("pickle, byte %d: %s", e.Offset, e.Problem)
}

// RefusedError says that loading the file would call something that isn't known to make data only.
type RefusedError struct {
	Offset   int64
	Callable string // module and name
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("pickle, byte %d: the file would call %s when loaded; only constructors of data are known, and nothing is executed", e.Offset, e.Callable)
}

// LimitError says which bound the file would pass.
type LimitError struct {
	Offset int64
	Bound  string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("pickle, byte %d: more than %s", e.Offset, e.Bound)
}
