package oip

import (
	"encoding/binary"
	"fmt"
)

// attach gives each input without JSON data its part of the binary data, in
// the order of the inputs.
func (d *inferDecoder) attach(blobs []byte) error {
	for i := range d.out.Inputs {
		t := &d.out.Inputs[i]
		size, given := t.Parameters[ParamBinaryDataSize]
		if !d.elsewhere[i] {
			if given {
				return &TensorError{Tensor: t.Name, Problem: `it has both "data" and the parameter binary_data_size; one of them must go`}
			}
			continue
		}
		if !given {
			return &TensorError{Tensor: t.Name, Problem: `it has no "data"`}
		}
		length, ok := size.(int64)
		if !ok || length < 0 || length > int64(len(blobs)) {
			return &TensorError{Tensor: t.Name, Expected: fmt.Sprintf("binary_data_size of at most the %d bytes that are left of the body", len(blobs)), Given: fmt.Sprint(size)}
		}
		if err := t.SetRaw(blobs[:length]); err != nil {
			return err
		}
		blobs = blobs[length:]
		delete(t.Parameters, ParamBinaryDataSize)
	}
	if len(blobs) > 0 {
		return &RequestError{Problem: fmt.Sprintf("the body has %d bytes of binary data that no input claims by binary_data_size", len(blobs))}
	}
	return nil
}

// SetRaw gives the tensor its elements from their raw form: little-endian one
// after another, and for BYTES each as its length in 4 bytes and its bytes.
// Aligned data is shared, not copied. The tensor's datatype and shape must be
// set; an error is a *TensorError.
func (t *Tensor) SetRaw(raw []byte) error {
	if t.Datatype == Bytes {
		return t.setRawStrings(raw)
	}
	count, err := Count(t.Shape)
	if err != nil {
		return &TensorError{Tensor: t.Name, Problem: err.Error()}
	}
	size := t.Datatype.Size()
	if len(raw) != count*size {
		return &TensorError{Tensor: t.Name, Expected: fmt.Sprintf("%d bytes for shape %s of %s", count*size, ShapeString(t.Shape), t.Datatype), Given: fmt.Sprintf("%d bytes", len(raw))}
	}
	t.Data = Align(raw, size)
	if t.Datatype == Bool {
		return t.checkBooleans()
	}
	return nil
}

// checkBooleans refuses bytes that are no Go bool: reading them in place would
// be undefined.
func (t *Tensor) checkBooleans() error {
	for i, b := range t.Data {
		if b > 1 {
			return &TensorError{Tensor: t.Name, Problem: fmt.Sprintf("element %d: expected BOOL (a byte of 0 or 1), given %d", i, b)}
		}
	}
	return nil
}

func (t *Tensor) setRawStrings(raw []byte) error {
	count, err := Count(t.Shape)
	if err != nil {
		return &TensorError{Tensor: t.Name, Problem: err.Error()}
	}
	t.Strings = make([]string, 0, min(count, len(raw)/4))
	for rest := raw; len(rest) > 0; {
		if len(rest) < 4 {
			return t.cut(len(rest))
		}
		length := binary.LittleEndian.Uint32(rest)
		rest = rest[4:]
		if uint64(length) > uint64(len(rest)) {
			return t.cut(len(rest))
		}
		t.Strings = append(t.Strings, string(rest[:length]))
		rest = rest[length:]
	}
	if len(t.Strings) != count {
		return &TensorError{Tensor: t.Name, Expected: fmt.Sprintf("%d elements for shape %s", count, ShapeString(t.Shape)), Given: fmt.Sprintf("%d elements", len(t.Strings))}
	}
	return nil
}

func (t *Tensor) cut(left int) error {
	return &TensorError{Tensor: t.Name, Problem: fmt.Sprintf("element %d is cut off: %d bytes are left, fewer than its length in 4 bytes and that many bytes", len(t.Strings), left)}
}

// Raw is the tensor's elements in their raw form, as SetRaw reads it. It shares
// Data's memory, except for BYTES.
func (t Tensor) Raw() []byte {
	if t.Datatype != Bytes {
		return t.Data
	}
	return t.AppendRaw(nil)
}

// AppendRaw appends the tensor's elements in their raw form.
func (t Tensor) AppendRaw(dst []byte) []byte {
	if t.Datatype != Bytes {
		return append(dst, t.Data...)
	}
	for _, s := range t.Strings {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
		dst = append(dst, s...)
	}
	return dst
}

// RawSize is the length of the raw form.
func (t Tensor) RawSize() int {
	if t.Datatype != Bytes {
		return len(t.Data)
	}
	size := 0
	for _, s := range t.Strings {
		size += 4 + len(s)
	}
	return size
}
