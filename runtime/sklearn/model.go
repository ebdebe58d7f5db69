package sklearn

import (
	"context"
	"fmt"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// served is an estimator as the rest of the runtime sees it.
type served struct{ root *estimator }

var _ tabular.Estimator = (*served)(nil)

func (s *served) Features() []tabular.Feature {
	in := s.root.in
	if in.cols < 0 {
		return nil
	}
	features := make([]tabular.Feature, in.cols)
	for i := range features {
		features[i].Kind = in.kind(i)
		if i < len(in.names) {
			features[i].Name = in.names[i]
		}
	}
	return features
}

func (s *served) Outputs() []tabular.Output {
	outputs := make([]tabular.Output, len(s.root.ops))
	for i, o := range s.root.ops {
		outputs[i] = tabular.Output{Name: o.name, Datatype: oip.FP64, Cols: o.cols}
		if o.labels != nil {
			outputs[i].Datatype = o.labels.datatype
		} else if o.datatype != "" {
			outputs[i].Datatype = o.datatype
		}
	}
	return outputs
}

func (s *served) Compute(ctx context.Context, frame *tabular.Frame, outputs []int) ([]oip.Tensor, error) {
	x := batchOf(frame)
	if len(outputs) > 1 {
		x.passed = map[*estimator]*batch{}
	}
	tensors := make([]oip.Tensor, len(outputs))
	for i, index := range outputs {
		if index < 0 || index >= len(s.root.ops) {
			return nil, fmt.Errorf("output %d of %d is asked for", index, len(s.root.ops))
		}
		method := &s.root.ops[index]
		y, err := s.root.call(ctx, method.name, x)
		if err != nil {
			return nil, err
		}
		if tensors[i], err = method.tensor(y); err != nil {
			return nil, err
		}
	}
	return tensors, nil
}

// tensor gives an answer as a tensor: [rows] or [rows,cols].
func (o *op) tensor(y *batch) (oip.Tensor, error) {
	name := o.name
	shape := []int64{int64(y.rows), int64(y.cols)}
	if y.vector {
		shape = shape[:1]
	}
	switch {
	case y.codes != nil:
		return codesTensor(name, shape, y)
	case y.columns != nil:
		return textsTensor(name, shape, y)
	}
	y, err := y.numbers()
	if err != nil {
		return oip.Tensor{}, err
	}
	switch o.datatype {
	case oip.Int64:
		whole := make([]int64, len(y.dense))
		for i, v := range y.dense {
			whole[i] = int64(v)
		}
		return oip.NewTensor(name, oip.Int64, shape, whole), nil
	case oip.FP32:
		return oip.NewTensor(name, oip.FP32, shape, tabular.Matrix{F64: y.dense}.Float32()), nil
	case oip.Bool:
		truth := make([]bool, len(y.dense))
		for i, v := range y.dense {
			truth[i] = v != 0
		}
		return oip.NewTensor(name, oip.Bool, shape, truth), nil
	default:
		return oip.NewTensor(name, oip.FP64, shape, y.dense), nil
	}
}

func codesTensor(name string, shape []int64, y *batch) (oip.Tensor, error) {
	if len(y.labels) == 1 {
		return y.labels[0].tensor(name, shape, y.codes), nil
	}
	// Outputs with classes of their own share one tensor: that of numbers, or of texts.
	if y.labels[0].datatype != oip.Bytes {
		all, err := y.codeValues()
		if err != nil {
			return oip.Tensor{}, err
		}
		if y.labels[0].ints == nil {
			return oip.NewTensor(name, oip.FP64, shape, all.dense), nil
		}
		whole := make([]int64, len(all.dense))
		for i, v := range all.dense {
			whole[i] = int64(v)
		}
		return oip.NewTensor(name, oip.Int64, shape, whole), nil
	}
	texts := make([]string, len(y.codes))
	for i, code := range y.codes {
		texts[i] = y.labels[i%y.cols].texts[code]
	}
	return oip.Tensor{Name: name, Datatype: oip.Bytes, Shape: shape, Strings: texts}, nil
}

// textsTensor is what a transform of texts answers; numbers beside them are written as texts.
func textsTensor(name string, shape []int64, y *batch) (oip.Tensor, error) {
	texts := make([]string, y.rows*y.cols)
	for c, column := range y.columns {
		for i := range y.rows {
			if column.Texts != nil {
				texts[i*y.cols+c] = column.Texts[i]
			} else {
				texts[i*y.cols+c] = fmt.Sprint(column.Numbers[i])
			}
		}
	}
	return oip.Tensor{Name: name, Datatype: oip.Bytes, Shape: shape, Strings: texts}, nil
}
