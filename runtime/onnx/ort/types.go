package ort

import "fmt"

// Kind is the kind of a value.
type Kind int

// The kinds of values, numbered as onnxruntime numbers them.
const (
	KindUnknown      Kind = 0
	KindTensor       Kind = 1
	KindSequence     Kind = 2
	KindMap          Kind = 3
	KindOpaque       Kind = 4
	KindSparseTensor Kind = 5
	KindOptional     Kind = 6
)

func (k Kind) String() string {
	switch k {
	case KindTensor:
		return "tensor"
	case KindSequence:
		return "sequence"
	case KindMap:
		return "map"
	case KindOpaque:
		return "opaque value"
	case KindSparseTensor:
		return "sparse tensor"
	case KindOptional:
		return "optional value"
	default:
		return fmt.Sprintf("value of unknown kind %d", int(k))
	}
}

// Element is the type of a tensor's elements.
type Element int

// The element types, numbered as onnxruntime numbers them. Those above
// ElementBFloat16 (8-bit floats, 4-bit and 2-bit integers) have no name here.
const (
	ElementUndefined  Element = 0
	ElementFloat      Element = 1
	ElementUint8      Element = 2
	ElementInt8       Element = 3
	ElementUint16     Element = 4
	ElementInt16      Element = 5
	ElementInt32      Element = 6
	ElementInt64      Element = 7
	ElementString     Element = 8
	ElementBool       Element = 9
	ElementFloat16    Element = 10
	ElementDouble     Element = 11
	ElementUint32     Element = 12
	ElementUint64     Element = 13
	ElementComplex64  Element = 14
	ElementComplex128 Element = 15
	ElementBFloat16   Element = 16
)

// Size is the bytes of one element, 0 if they are strings or not supported.
func (e Element) Size() int {
	switch e {
	case ElementUint8, ElementInt8, ElementBool:
		return 1
	case ElementUint16, ElementInt16, ElementFloat16, ElementBFloat16:
		return 2
	case ElementFloat, ElementInt32, ElementUint32:
		return 4
	case ElementInt64, ElementUint64, ElementDouble:
		return 8
	default:
		return 0
	}
}

func (e Element) String() string {
	names := [...]string{"undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "float64",
		"uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1"}
	if e >= 0 && int(e) < len(names) {
		return names[e]
	}
	return fmt.Sprintf("element type %d", int(e))
}

// Type is the type of a model's input or output.
type Type struct {
	Kind    Kind
	Element Element // of a tensor; of a map's keys
	// Shape is a tensor's: -1 for a dimension of any size, empty for a scalar.
	Shape []int64
	// AnyRank says that the model leaves the number of dimensions open.
	AnyRank bool
	Item    *Type // what a sequence holds, or a map's values
}

func (t Type) String() string {
	switch {
	case t.Kind == KindTensor:
		return fmt.Sprintf("tensor of %s", t.Element)
	case t.Kind == KindSequence && t.Item != nil:
		return "sequence of " + t.Item.String()
	case t.Kind == KindMap && t.Item != nil:
		return fmt.Sprintf("map of %s to %s", t.Element, t.Item)
	default:
		return t.Kind.String()
	}
}

// Port is a named input or output.
type Port struct {
	Name string
	Type Type
}

// Value is a tensor, a sequence or a map, in Go's memory.
type Value struct {
	Kind    Kind
	Element Element
	Shape   []int64
	Data    []byte   // a tensor's elements, unless they are strings
	Strings []string // a tensor's elements if they are strings
	Items   []Value  // a sequence's items; a map's keys and values, two tensors
}
