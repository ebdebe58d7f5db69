package onnx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/onnx/ort"
)

// ParamKeys is the parameter of an output that was a map, or a sequence of
// them: the keys in the order of the last dimension, joined by commas. For a
// classifier these are the classes.
const ParamKeys = "keys"

// tensorOf makes one tensor of an output:
//   - a tensor is itself;
//   - a map becomes the tensor of its values, [keys];
//   - a sequence of tensors of one shape is stacked, [items, …];
//   - a sequence of maps with the same keys, which is what skl2onnx's ZipMap
//     gives for the probabilities of a classifier, becomes [items, keys].
func tensorOf(spec oip.TensorSpec, v ort.Value) (oip.Tensor, error) {
	switch v.Kind {
	case ort.KindTensor:
		return plain(spec.Name, v)
	case ort.KindMap:
		t, err := plain(spec.Name, v.Items[1])
		if err == nil {
			t.Parameters = oip.Parameters{ParamKeys: strings.Join(keysOf(v), ",")}
		}
		return t, err
	default:
		return stacked(spec, v.Items)
	}
}

func plain(name string, v ort.Value) (oip.Tensor, error) {
	datatype, ok := datatypeOf(v.Element)
	if !ok || v.Kind != ort.KindTensor {
		return oip.Tensor{}, fmt.Errorf("output %q: a %s of %s can't be carried by the inference protocols", name, v.Kind, v.Element)
	}
	return oip.Tensor{Name: name, Datatype: datatype, Shape: v.Shape, Data: v.Data, Strings: v.Strings}, nil
}

func stacked(spec oip.TensorSpec, items []ort.Value) (oip.Tensor, error) {
	if len(items) == 0 {
		// An empty sequence doesn't say what its items' shape would have been.
		return oip.Tensor{Name: spec.Name, Datatype: spec.Datatype, Shape: []int64{0}}, nil
	}
	first, err := tensorOf(spec, items[0])
	if err != nil {
		return oip.Tensor{}, err
	}
	out := oip.Tensor{Name: spec.Name, Datatype: first.Datatype, Parameters: first.Parameters, Shape: append([]int64{int64(len(items))}, first.Shape...)}
	out.Data = oip.Allocate(len(items)*len(first.Data), 1)[:0]
	for i, item := range items {
		t, err := tensorOf(spec, item)
		if err != nil {
			return oip.Tensor{}, err
		}
		if !slices.Equal(t.Shape, first.Shape) || t.Datatype != first.Datatype || t.Parameters[ParamKeys] != first.Parameters[ParamKeys] {
			return oip.Tensor{}, fmt.Errorf("output %q is a sequence whose items 0 and %d differ in shape or keys (%s and %s), and so no tensor: export the model with a tensor there (skl2onnx: options={'zipmap': False})",
				spec.Name, i, oip.ShapeString(first.Shape), oip.ShapeString(t.Shape))
		}
		out.Data = append(out.Data, t.Data...)
		out.Strings = append(out.Strings, t.Strings...)
	}
	return out, nil
}

// keysOf writes a map's keys, which are int64 or strings.
func keysOf(v ort.Value) []string {
	keys := v.Items[0]
	if keys.Element == ort.ElementString {
		return keys.Strings
	}
	t, err := plain("", keys)
	if err != nil || t.Datatype != oip.Int64 {
		return nil
	}
	var out []string
	for _, key := range oip.Elements[int64](t) {
		out = append(out, strconv.FormatInt(key, 10))
	}
	return out
}
