package oip

import (
	"fmt"
	"strings"
)

// Datatype is the type of a tensor's elements, spelt as the Open Inference
// Protocol spells it.
type Datatype string

// The datatypes of the protocol. FP16 and BF16 have no JSON number of their
// own: a JSON number is rounded to the nearest value they have.
const (
	Bool   Datatype = "BOOL"
	Uint8  Datatype = "UINT8"
	Uint16 Datatype = "UINT16"
	Uint32 Datatype = "UINT32"
	Uint64 Datatype = "UINT64"
	Int8   Datatype = "INT8"
	Int16  Datatype = "INT16"
	Int32  Datatype = "INT32"
	Int64  Datatype = "INT64"
	FP16   Datatype = "FP16"
	BF16   Datatype = "BF16"
	FP32   Datatype = "FP32"
	FP64   Datatype = "FP64"
	Bytes  Datatype = "BYTES"
)

// Datatypes lists every datatype of the protocol, in its own order.
func Datatypes() []Datatype {
	return []Datatype{Bool, Uint8, Uint16, Uint32, Uint64, Int8, Int16, Int32, Int64, FP16, BF16, FP32, FP64, Bytes}
}

// Size is the number of bytes of one element; 0 for BYTES, whose elements have
// no fixed size, and for a datatype that the protocol doesn't have.
func (d Datatype) Size() int {
	switch d {
	case Bool, Uint8, Int8:
		return 1
	case Uint16, Int16, FP16, BF16:
		return 2
	case Uint32, Int32, FP32:
		return 4
	case Uint64, Int64, FP64:
		return 8
	default:
		return 0
	}
}

// Valid says whether the protocol has this datatype.
func (d Datatype) Valid() bool {
	return d == Bytes || d.Size() > 0
}

// ParseDatatype reads a datatype's name. Names are upper case in the protocol;
// another case, or numpy's or Triton's name of the same type, is an error that
// says which name was meant.
func ParseDatatype(name string) (Datatype, error) {
	d := Datatype(name)
	if d.Valid() {
		return d, nil
	}
	if meant, ok := meantDatatype(name); ok {
		return "", fmt.Errorf("datatype %q is not one of the protocol's; did you mean %q?", name, meant)
	}
	return "", fmt.Errorf("datatype %q is not one of the protocol's: %s", name, datatypeList())
}

func meantDatatype(name string) (Datatype, bool) {
	upper := strings.ToUpper(strings.TrimPrefix(strings.ToUpper(name), "TYPE_"))
	if d := Datatype(upper); d.Valid() {
		return d, true
	}
	switch upper {
	case "FLOAT", "FLOAT32":
		return FP32, true
	case "DOUBLE", "FLOAT64":
		return FP64, true
	case "FLOAT16", "HALF":
		return FP16, true
	case "BFLOAT16":
		return BF16, true
	case "INT":
		return Int64, true
	case "STRING", "STR", "OBJECT":
		return Bytes, true
	}
	return "", false
}

func datatypeList() string {
	names := make([]string, 0, len(Datatypes()))
	for _, d := range Datatypes() {
		names = append(names, string(d))
	}
	return strings.Join(names, ", ")
}
