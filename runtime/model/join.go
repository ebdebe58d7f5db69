package model

import (
	"strconv"

	"github.com/sluice-serving/sluice/api/oip"
)

// kind is equal for requests whose rows can stand in one call.
func (c call) kind() string {
	key := make([]byte, 0, 32)
	for _, t := range c.inputs {
		key = append(key, t.Datatype...)
		for _, dim := range t.Shape[1:] {
			key = strconv.AppendInt(append(key, ','), dim, 10)
		}
	}
	for _, output := range c.outputs {
		key = strconv.AppendInt(append(key, '>'), int64(output), 10)
	}
	return string(key)
}

// joinable says whether a request has rows that can stand among others'.
func (w *waiter) joinable() bool { return w.rows > 0 && sameRows(w.inputs) }

// sameRows says whether all inputs have the same number of rows, as joining
// needs.
func sameRows(inputs []oip.Tensor) bool {
	for _, t := range inputs {
		if len(t.Shape) == 0 || t.Shape[0] != inputs[0].Shape[0] {
			return false
		}
	}
	return true
}

// join puts the rows of all requests behind each other.
func join(waiters []*waiter, rows int) []oip.Tensor {
	joined := make([]oip.Tensor, len(waiters[0].inputs))
	for i, first := range waiters[0].inputs {
		t := oip.Tensor{Name: first.Name, Datatype: first.Datatype, Shape: append([]int64{int64(rows)}, first.Shape[1:]...)}
		size := 0
		for _, w := range waiters {
			size += len(w.inputs[i].Data)
			t.Strings = append(t.Strings, w.inputs[i].Strings...)
			t.Missing = appendMissing(t.Missing, w.inputs[i], len(t.Strings))
		}
		t.Data = oip.Allocate(size, 1)[:0]
		for _, w := range waiters {
			t.Data = append(t.Data, w.inputs[i].Data...)
		}
		joined[i] = t
	}
	return joined
}

// appendMissing adds the marks of t, which makes the joined tensor one of total texts.
func appendMissing(marks []bool, t oip.Tensor, total int) []bool {
	if marks == nil && t.Missing == nil {
		return nil
	}
	for len(marks) < total-len(t.Strings) {
		marks = append(marks, false)
	}
	if t.Missing == nil {
		return append(marks, make([]bool, len(t.Strings))...)
	}
	return append(marks, t.Missing...)
}

// split gives each request its rows of the outputs, or false if an output
// hasn't a row for each row of the inputs.
func split(outputs []oip.Tensor, waiters []*waiter, rows int) ([][]oip.Tensor, bool) {
	for _, t := range outputs {
		if len(t.Shape) == 0 || t.Shape[0] != int64(rows) {
			return nil, false
		}
	}
	parts := make([][]oip.Tensor, len(waiters))
	start := 0
	for k, w := range waiters {
		parts[k] = make([]oip.Tensor, len(outputs))
		for i, t := range outputs {
			parts[k][i] = slice(t, start, start+w.rows)
		}
		start += w.rows
	}
	return parts, true
}

// slice takes rows from and up to, sharing t's memory.
func slice(t oip.Tensor, from, to int) oip.Tensor {
	rows := int(t.Shape[0])
	part := oip.Tensor{Name: t.Name, Datatype: t.Datatype, Parameters: t.Parameters, Shape: append([]int64{int64(to - from)}, t.Shape[1:]...)}
	if t.Datatype == oip.Bytes {
		stride := len(t.Strings) / rows
		part.Strings = t.Strings[from*stride : to*stride]
		return part
	}
	stride := len(t.Data) / rows
	part.Data = t.Data[from*stride : to*stride]
	return part
}
