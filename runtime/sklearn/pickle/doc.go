// Package pickle reads what Python's pickle and joblib wrote, protocols 0 to 5, as a graph of inert values. Nothing of the file is executed: a
// closed set of constructors is known (containers, numpy's arrays, dtypes and scalars), a class becomes an [Object] that holds its arguments
// and state, and a call of any other function is refused by the function's name.
//
// Memory is bounded by [Limits]: a size that the file names is checked against the bytes that are there before anything is allocated.
//
// Source: Lib/pickletools.py of CPython (the opcodes), numpy's ndarray.__reduce__, joblib/numpy_pickle.py (arrays in the stream).
package pickle
