package oip

import (
	"encoding/base64"
	"math"
)

// mismatched turns whatever stands at pos into a mismatch, or into a syntax
// error if it isn't JSON at all.
func (s *scanner) mismatched() error {
	given := s.given()
	switch given {
	case "NaN", "Infinity", "-Infinity":
		return &mismatch{given: given, remedy: " (JSON has no such number: send it as binary tensor data)"}
	}
	if err := s.skip(); err != nil {
		return err
	}
	return &mismatch{given: given}
}

// numberOr reads a number, or tells what else is there.
func (s *scanner) numberOr() (number, error) {
	c := s.peek()
	if c-'0' > 9 && (c != '-' || s.pos+1 >= len(s.data) || s.data[s.pos+1] == 'I') {
		return number{}, s.mismatched()
	}
	return s.number()
}

func (s *scanner) boolean() (bool, error) {
	switch c := s.peek(); {
	case c == 't' && s.literal("true"):
		return true, nil
	case c == 'f' && s.literal("false"):
		return false, nil
	case c == '0' || c == '1': // numpy and Triton's clients write booleans so
		n, err := s.number()
		if err != nil {
			return false, err
		}
		if m, whole := n.magnitude(); whole && m <= 1 {
			return m == 1, nil
		}
		return false, &mismatch{given: string(n.token)}
	}
	return false, s.mismatched()
}

// null reads a null where one may stand for a missing value.
func (s *scanner) null() bool { return s.nulls && s.peek() == 'n' && s.literal("null") }

func (s *scanner) fp32() (float32, error) {
	if s.null() {
		return float32(math.NaN()), nil
	}
	n, err := s.numberOr()
	if err != nil {
		return 0, err
	}
	f, ok := n.float32()
	if !ok {
		return 0, &mismatch{given: string(n.token), remedy: ", which is out of its range"}
	}
	return f, nil
}

func (s *scanner) fp64() (float64, error) {
	if s.null() {
		return math.NaN(), nil
	}
	n, err := s.numberOr()
	if err != nil {
		return 0, err
	}
	f, ok := n.float64()
	if !ok {
		return 0, &mismatch{given: string(n.token), remedy: ", which is out of its range"}
	}
	return f, nil
}

// narrow reads FP16 or BF16: the float32 nearest to the number, rounded on.
func narrow(from func(float32) uint16, to func(uint16) float32) func(*scanner) (uint16, error) {
	return func(s *scanner) (uint16, error) {
		f, err := s.fp32()
		if err != nil {
			return 0, err
		}
		h := from(f)
		if math.IsInf(float64(to(h)), 0) {
			return 0, &mismatch{given: formatFloat(float64(f), 32), remedy: ", which is out of its range"}
		}
		return h, nil
	}
}

func unsigned[T uint8 | uint16 | uint32 | uint64](limit uint64) func(*scanner) (T, error) {
	return func(s *scanner) (T, error) {
		n, err := s.numberOr()
		if err != nil {
			return 0, err
		}
		m, whole := n.magnitude()
		if !whole || m > limit || n.negative && m != 0 {
			return 0, &mismatch{given: string(n.token)}
		}
		return T(m), nil
	}
}

func signed[T int8 | int16 | int32 | int64](limit uint64) func(*scanner) (T, error) {
	return func(s *scanner) (T, error) {
		n, err := s.numberOr()
		if err != nil {
			return 0, err
		}
		m, whole := n.magnitude()
		if n.negative {
			if !whole || m > limit+1 {
				return 0, &mismatch{given: string(n.token)}
			}
			return T(-int64(m)), nil
		}
		if !whole || m > limit {
			return 0, &mismatch{given: string(n.token)}
		}
		return T(m), nil
	}
}

// bytes reads a BYTES element: a string, or TensorFlow Serving's and V1's
// {"b64": "…"} for bytes that are no text.
func (s *scanner) bytes() (string, error) {
	switch s.peek() {
	case '"':
		return s.str()
	case '{':
		return s.base64()
	}
	return "", s.mismatched()
}

func (s *scanner) base64() (string, error) {
	start := s.pos
	var decoded []byte
	found := false
	err := s.object(func(key string) error {
		if key != "b64" || s.peek() != '"' {
			return s.skip()
		}
		encoded, err := s.str()
		if err != nil {
			return err
		}
		decoded, err = base64.StdEncoding.DecodeString(encoded)
		found = err == nil
		return nil
	})
	if err != nil {
		return "", err
	}
	if !found {
		return "", &mismatch{given: (&scanner{data: s.data, pos: start}).given(), remedy: ` (bytes that are no text are written {"b64": "…"})`}
	}
	return string(decoded), nil
}
