package oip

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// Names of the parameters that the protocol's extensions give a meaning.
const (
	ParamBinaryDataSize   = "binary_data_size"
	ParamBinaryData       = "binary_data"
	ParamBinaryDataOutput = "binary_data_output"
	ParamSharedMemory     = "shared_memory_region"
	ParamClassification   = "classification"
	ParamSequenceID       = "sequence_id"
)

// parameters reads an object of scalars. A null is left out.
func (s *scanner) parameters() (Parameters, error) {
	out := Parameters{}
	err := s.object(func(key string) error {
		value, err := s.parameter(key)
		if err == nil && value != nil {
			out[strings.Clone(key)] = value
		}
		return err
	})
	return out, err
}

func (s *scanner) parameter(key string) (any, error) {
	switch s.peek() {
	case '"':
		return s.str()
	case 't', 'f', 'n':
		for word, value := range map[string]any{"true": true, "false": false, "null": nil} {
			if s.literal(word) {
				return value, nil
			}
		}
		return nil, s.unexpected("a value")
	case '[', '{':
		return nil, &RequestError{Where: "parameters." + key, Problem: "a parameter is a string, a number or a boolean"}
	}
	n, err := s.number()
	if err != nil {
		return nil, err
	}
	if m, whole := n.magnitude(); whole && m <= math.MaxInt64 {
		if n.negative {
			return -int64(m), nil
		}
		return int64(m), nil
	}
	f, ok := n.float64()
	if !ok {
		return nil, &RequestError{Where: "parameters." + key, Problem: string(n.token) + " is out of the range of FP64"}
	}
	return f, nil
}

// flag reads a boolean parameter that may be absent.
func (p Parameters) flag(name string) (value, present bool, err error) {
	given, present := p[name]
	if !present {
		return false, false, nil
	}
	value, ok := given.(bool)
	if !ok {
		return false, true, &RequestError{Where: "parameters." + name, Problem: fmt.Sprintf("expected true or false, given %v", given)}
	}
	return value, true, nil
}

// unsupported refuses parameters that would change an answer and that are not
// honoured here; silently ignoring them would answer another question.
func (p Parameters) unsupported(tensor string) error {
	for name, remedy := range map[string]string{
		ParamSharedMemory:   "send the data in the request, as JSON or binary",
		ParamClassification: "ask for the output itself and take its largest elements",
	} {
		if value, present := p[name]; present && value != int64(0) {
			return &TensorError{Tensor: tensor, Problem: fmt.Sprintf("parameter %q is not supported: %s", name, remedy)}
		}
	}
	return nil
}

// CheckRequest refuses parameters of a whole request that are not honoured.
func (p Parameters) CheckRequest() error {
	switch id := p[ParamSequenceID].(type) {
	case nil:
		return nil
	case int64:
		if id == 0 {
			return nil
		}
	case uint64:
		if id == 0 {
			return nil
		}
	case string:
		if id == "" {
			return nil
		}
	}
	return &RequestError{Where: "parameters." + ParamSequenceID, Problem: "sequences are not supported: models here keep no state between requests"}
}

// CheckTensor refuses parameters of a tensor that are not honoured.
func (p Parameters) CheckTensor(tensor string) error {
	return p.unsupported(tensor)
}

func appendParameters(dst []byte, p Parameters) []byte {
	names := make([]string, 0, len(p))
	for name := range p {
		names = append(names, name)
	}
	sort.Strings(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, name), ':')
		switch value := p[name].(type) {
		case bool:
			dst = strconv.AppendBool(dst, value)
		case int64:
			dst = strconv.AppendInt(dst, value, 10)
		case uint64:
			dst = strconv.AppendUint(dst, value, 10)
		case float64:
			dst = appendFloat(dst, value, 64)
		default:
			dst = appendString(dst, fmt.Sprint(value))
		}
	}
	return append(dst, '}')
}
