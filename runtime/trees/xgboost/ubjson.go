package xgboost

import (
	"encoding/binary"
	"fmt"
	"math"
)

// readUBJSON reads a document of Universal Binary JSON (draft 12, ubjson.org), as far as XGBoost writes it. Every size is
// checked against the bytes that are left before memory is taken for it.
func readUBJSON(data []byte) (object, error) {
	r := ubjsonReader{data: data}
	v, err := r.value(0)
	if err != nil {
		return nil, fmt.Errorf("byte %d: %w", r.at, err)
	}
	document, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("it is %s, not an object", kindOf(v))
	}
	return document, nil
}

type ubjsonReader struct {
	data []byte
	at   int
}

// take gives the next n bytes.
func (r *ubjsonReader) take(n int) ([]byte, error) {
	if n < 0 || n > len(r.data)-r.at {
		return nil, errCutOff
	}
	taken := r.data[r.at:][:n]
	r.at += n
	return taken, nil
}

// marker gives the next byte that is no no-op.
func (r *ubjsonReader) marker() (byte, error) {
	for {
		b, err := r.take(1)
		if err != nil {
			return 0, err
		}
		if b[0] != 'N' {
			return b[0], nil
		}
	}
}

// peek says whether c comes next, and goes past it if so.
func (r *ubjsonReader) peek(c byte) bool {
	if r.at < len(r.data) && r.data[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *ubjsonReader) value(depth int) (any, error) {
	m, err := r.marker()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("it nests deeper than %d", maxDepth)
	}
	switch m {
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	case 'S', 'H':
		return r.text()
	case 'C':
		b, err := r.take(1)
		return string(b), err
	case 'T', 'F':
		return m == 'T', nil
	case 'Z':
		return nil, nil
	default:
		return r.number(m)
	}
}

// sizeOf gives the bytes of a number of a type; 0: no number.
func sizeOf(m byte) int {
	switch m {
	case 'i', 'U':
		return 1
	case 'I':
		return 2
	case 'l', 'd':
		return 4
	case 'L', 'D':
		return 8
	default:
		return 0
	}
}

func (r *ubjsonReader) number(m byte) (float64, error) {
	size := sizeOf(m)
	if size == 0 {
		return 0, fmt.Errorf("unknown type %q", m)
	}
	b, err := r.take(size)
	if err != nil {
		return 0, err
	}
	return decode(m, b), nil
}

// decode reads a number of the type, which is one that sizeOf knows.
func decode(m byte, b []byte) float64 {
	switch m {
	case 'i':
		return float64(int8(b[0]))
	case 'U':
		return float64(b[0])
	case 'I':
		return float64(int16(binary.BigEndian.Uint16(b)))
	case 'l':
		return float64(int32(binary.BigEndian.Uint32(b)))
	case 'L':
		return float64(int64(binary.BigEndian.Uint64(b)))
	case 'd':
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	default:
		return math.Float64frombits(binary.BigEndian.Uint64(b))
	}
}

// length reads how long something is, each of whose elements takes a byte or more.
func (r *ubjsonReader) length() (int, error) {
	m, err := r.marker()
	if err != nil {
		return 0, err
	}
	if m == 'd' || m == 'D' {
		return 0, fmt.Errorf("a length of type %q", m)
	}
	n, err := r.number(m)
	if err != nil {
		return 0, err
	}
	if n < 0 || n > float64(len(r.data)-r.at) {
		return 0, fmt.Errorf("a length of %v with %d bytes left; it is cut off or damaged", n, len(r.data)-r.at)
	}
	return int(n), nil
}

func (r *ubjsonReader) text() (string, error) {
	n, err := r.length()
	if err != nil {
		return "", err
	}
	b, err := r.take(n)
	return string(b), err
}

// header reads what may stand before a container's elements: their type, 0 if each has its own, and their number, -1 if
// the container has an end.
func (r *ubjsonReader) header() (kind byte, count int, err error) {
	if r.peek('$') {
		if kind, err = r.marker(); err != nil {
			return 0, 0, err
		}
		if !r.peek('#') {
			return 0, 0, fmt.Errorf("a container of type %q without a count", kind)
		}
		count, err = r.length()
		return kind, count, err
	}
	if r.peek('#') {
		count, err = r.length()
		return 0, count, err
	}
	return 0, -1, nil
}

func (r *ubjsonReader) object(depth int) (any, error) {
	kind, count, err := r.header()
	if err != nil {
		return nil, err
	}
	if kind != 0 {
		return nil, fmt.Errorf("an object of type %q alone, which XGBoost doesn't write", kind)
	}
	members := object{}
	for i := 0; i != count; i++ {
		if count < 0 && r.peek('}') {
			break
		}
		key, err := r.text()
		if err != nil {
			return nil, err
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if !unread(key) {
			members[key] = v
		}
	}
	return members, nil
}

func (r *ubjsonReader) array(depth int) (any, error) {
	kind, count, err := r.header()
	if err != nil {
		return nil, err
	}
	if kind != 0 {
		return r.typed(kind, count)
	}
	var items []any
	for i := 0; i != count; i++ {
		if count < 0 && r.peek(']') {
			break
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	return compact(items), nil
}

// typed reads numbers of one type.
func (r *ubjsonReader) typed(kind byte, count int) (any, error) {
	size := sizeOf(kind)
	if size == 0 {
		return nil, fmt.Errorf("an array of type %q, which XGBoost doesn't write", kind)
	}
	if count > (len(r.data)-r.at)/size {
		return nil, errCutOff
	}
	b, err := r.take(count * size)
	if err != nil {
		return nil, err
	}
	numbers := make([]float64, count)
	for i := range numbers {
		numbers[i] = decode(kind, b[i*size:])
	}
	return numbers, nil
}
