package pickle

// Value is one of: nil (None), bool, int64, *big.Int, float64, complex128, string, []byte, *List, *Tuple, *Dict, *Set, *Object, *Global,
// *DType, *Array, *Scalar. Values may be shared and may form cycles: what walks them counts its depth.
type Value any

// List is Python's list, or its bytearray's and deque's like.
type List struct{ Items []Value }

// Tuple is Python's tuple.
type Tuple struct{ Items []Value }

// Set is a set or frozenset, in the file's order.
type Set struct{ Items []Value }

// Dict is a dict, an OrderedDict or a defaultdict, in the file's order. Values[i] belongs to Keys[i].
type Dict struct{ Keys, Values []Value }

// Get is the last value under a text key.
func (d *Dict) Get(key string) (Value, bool) {
	for i := len(d.Keys) - 1; i >= 0; i-- {
		if name, ok := d.Keys[i].(string); ok && name == key {
			return d.Values[i], true
		}
	}
	return nil, false
}

func (d *Dict) set(key, value Value) {
	d.Keys = append(d.Keys, key)
	d.Values = append(d.Values, value)
}

// Global is a class or function that the file refers to by its name.
type Global struct{ Module, Name string }

func (g *Global) String() string { return g.Module + "." + g.Name }

// Object is an instance of a class that this package doesn't know, or the result of one of the functions that it lets stand uncalled.
type Object struct {
	Module, Name string
	Args         []Value // what it would have been made from
	State        Value   // what its __setstate__ would have been given; nil if nothing
	Items        []Value // appended, where the class is a kind of list
	Entries      Dict    // set by key, where the class is a kind of dict
}

// Attr is an attribute of the object's state, where that is a dict or a pair of one and slots.
func (o *Object) Attr(name string) (Value, bool) {
	if d := o.Attrs(); d != nil {
		return d.Get(name)
	}
	return nil, false
}

// Attrs is the object's state where that is a dict, or the first of a pair of dicts; else nil.
func (o *Object) Attrs() *Dict {
	switch state := o.State.(type) {
	case *Dict:
		return state
	case *Tuple:
		if len(state.Items) > 0 {
			if d, ok := state.Items[0].(*Dict); ok {
				return d
			}
		}
	}
	return nil
}

// Scalar is one of numpy's numbers or texts.
type Scalar struct {
	Type  *DType
	Value Value // bool, int64, uint64, float64, complex128, string, []byte, or anything for dtype object
}
