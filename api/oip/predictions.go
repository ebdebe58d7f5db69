package oip

import "fmt"

// AppendPredictResponse writes {"predictions": …} of the outputs that the
// request asked for, one of them if it named none: one output is nested as its
// shape is; of several, "instances" get an object a row and "inputs" an object
// of whole outputs.
func AppendPredictResponse(dst []byte, req *PredictRequest, outputs []Tensor) ([]byte, error) {
	dst = append(dst, `{"predictions":`...)
	var err error
	switch {
	case len(req.Outputs) == 0 && len(outputs) > 0:
		dst, err = appendWhole(dst, outputs[0])
	case len(outputs) == 1:
		dst, err = appendWhole(dst, outputs[0])
	case req.Columns:
		dst, err = appendColumns(dst, outputs)
	default:
		dst, err = appendRows(dst, outputs)
	}
	return append(dst, '}'), err
}

func appendWhole(dst []byte, t Tensor) ([]byte, error) {
	write, err := writerOf(t)
	if err != nil {
		return dst, err
	}
	return appendNested(dst, t.Shape, 0, write), nil
}

func appendColumns(dst []byte, outputs []Tensor) ([]byte, error) {
	dst = append(dst, '{')
	for i, t := range outputs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, t.Name), ':')
		var err error
		if dst, err = appendWhole(dst, t); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func appendRows(dst []byte, outputs []Tensor) ([]byte, error) {
	rows, err := commonRows(outputs)
	if err != nil {
		return dst, err
	}
	writers := make([]elementWriter, len(outputs))
	strides := make([]int, len(outputs))
	for i, t := range outputs {
		if writers[i], err = writerOf(t); err != nil {
			return dst, err
		}
		if strides[i], err = Count(t.Shape[1:]); err != nil {
			return dst, err
		}
	}
	dst = append(dst, '[')
	for row := range rows {
		if row > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		for i, t := range outputs {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, t.Name), ':')
			dst = appendNested(dst, t.Shape[1:], row*strides[i], writers[i])
		}
		dst = append(dst, '}')
	}
	return append(dst, ']'), nil
}

func commonRows(outputs []Tensor) (int, error) {
	first := outputs[0]
	for _, t := range outputs {
		if len(t.Shape) == 0 || len(first.Shape) == 0 || t.Shape[0] != first.Shape[0] {
			return 0, &RequestError{Where: "outputs", Problem: fmt.Sprintf(`outputs %q of shape %s and %q of shape %s have no common rows: send the request as "inputs", or ask for one of them`,
				first.Name, ShapeString(first.Shape), t.Name, ShapeString(t.Shape))}
		}
	}
	return int(first.Shape[0]), nil
}
