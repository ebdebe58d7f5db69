package pickle

import (
	"strings"
)

// canonical gives names of old Pythons and numpys as today's are.
func canonical(module, name string) *Global {
	switch {
	case module == "__builtin__":
		module = "builtins"
	case module == "copy_reg":
		module = "copyreg"
	case module == "numpy.core" || strings.HasPrefix(module, "numpy.core."):
		module = "numpy._core" + strings.TrimPrefix(module, "numpy.core")
	}
	return &Global{Module: module, Name: name}
}

// construct makes the values that this package has a type for.
func (m *machine) construct(global *Global, args []Value) (Value, bool, error) {
	switch global.String() {
	case "copyreg._reconstructor", "copyreg.__newobj__", "copyreg.__newobj_ex__":
		return m.reconstruct(global, args)
	case "collections.OrderedDict", "builtins.dict":
		d := &Dict{}
		if len(args) == 0 {
			return d, true, nil
		}
		return d, true, m.fromPairs(d, args[0])
	case "collections.defaultdict", "collections.Counter":
		d := &Dict{}
		if given, ok := last(args).(*Dict); ok {
			d.Keys, d.Values = given.Keys[:len(given.Keys):len(given.Keys)], given.Values[:len(given.Values):len(given.Values)]
		}
		return d, true, nil
	case "builtins.set", "builtins.frozenset":
		return &Set{Items: itemsOf(last(args))}, true, nil
	case "builtins.list", "collections.deque":
		return &List{Items: itemsOf(first(args))}, true, nil
	case "builtins.tuple":
		return &Tuple{Items: itemsOf(first(args))}, true, nil
	case "_codecs.encode", "builtins.bytes", "builtins.bytearray":
		return m.encoded(global, args)
	case "builtins.complex":
		return m.complex(args)
	}
	if strings.HasPrefix(global.Module, "numpy") {
		return m.constructNumpy(global, args)
	}
	return nil, false, nil
}

func first(args []Value) Value {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

func last(args []Value) Value {
	if len(args) == 0 {
		return nil
	}
	return args[len(args)-1]
}

func itemsOf(v Value) []Value {
	switch v := v.(type) {
	case *List:
		return v.Items[:len(v.Items):len(v.Items)]
	case *Tuple:
		return v.Items[:len(v.Items):len(v.Items)]
	case *Set:
		return v.Items[:len(v.Items):len(v.Items)]
	default:
		return nil
	}
}

// reconstruct is how protocols 0 and 1 make an instance: of a class, its base and the base's own value.
func (m *machine) reconstruct(global *Global, args []Value) (Value, bool, error) {
	class, ok := first(args).(*Global)
	if !ok {
		return nil, true, m.cursor.fail("%s is given no class", global)
	}
	o := &Object{Module: class.Module, Name: class.Name}
	if global.Name != "_reconstructor" {
		o.Args = args[1:]
		return o, true, nil
	}
	if len(args) != 3 {
		return nil, true, m.cursor.fail("%s is given %d arguments, not a class, a base and a value", global, len(args))
	}
	if d, ok := args[2].(*Dict); ok {
		o.Entries = Dict{Keys: d.Keys[:len(d.Keys):len(d.Keys)], Values: d.Values[:len(d.Values):len(d.Values)]}
	}
	o.Items = itemsOf(args[2])
	return o, true, nil
}

func (m *machine) fromPairs(d *Dict, pairs Value) error {
	for _, pair := range itemsOf(pairs) {
		kv := itemsOf(pair)
		if len(kv) != 2 {
			return m.cursor.fail("a dict is made from items that are no pairs")
		}
		d.set(kv[0], kv[1])
	}
	return m.charge(2 * len(d.Keys) * slotCost)
}

// encoded is how protocols 0 to 2 write bytes: as a text of Latin-1.
func (m *machine) encoded(global *Global, args []Value) (Value, bool, error) {
	if len(args) == 0 {
		return []byte{}, true, nil
	}
	switch given := args[0].(type) {
	case []byte:
		return given, true, nil
	case string:
		if len(args) > 1 && args[1] != "latin1" && args[1] != "latin-1" {
			break
		}
		raw := make([]byte, 0, len(given))
		for _, r := range given {
			if r > 0xff {
				return nil, true, m.cursor.fail("bytes are written as a text that isn't Latin-1")
			}
			raw = append(raw, byte(r))
		}
		return raw, true, m.charge(len(raw))
	}
	return nil, true, m.cursor.fail("%s is given something other than a text of Latin-1", global)
}

func (m *machine) complex(args []Value) (Value, bool, error) {
	if len(args) == 2 {
		re, isFloat := args[0].(float64)
		im, isToo := args[1].(float64)
		if isFloat && isToo {
			return complex(re, im), true, nil
		}
	}
	return nil, true, m.cursor.fail("a complex number is made of something other than two numbers")
}

// inert gives the object that a call would have made, where what is called is a class, or a function that is known to make an instance and do
// nothing else. It isn't called. A class is told by its name, which begins in upper case.
func inert(global *Global, args []Value) (*Object, bool) {
	made := &Object{Module: global.Module, Name: global.Name, Args: args}
	name := global.Name
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	inSklearn := strings.HasPrefix(global.Module, "sklearn.")
	switch {
	case inertFunction(global.String()):
		return made, true
	case inSklearn && name == "newObj":
		if class, ok := first(args).(*Global); ok {
			return &Object{Module: class.Module, Name: class.Name, Args: args[1:]}, true
		}
		return nil, false
	case strings.HasPrefix(name, "__pyx_unpickle_"): // what Cython generates for its classes; scikit-learn 1.5 to 1.7 names their module without its package
		made.Name = strings.TrimPrefix(name, "__pyx_unpickle_")
		if state, ok := last(args).(*Tuple); ok {
			made.State = state
		}
		return made, true
	}
	for i := range len(name) {
		if c := name[i]; c != '_' {
			return made, c >= 'A' && c <= 'Z'
		}
	}
	return nil, false
}

// inertFunction knows functions and lower-case classes that make a value of their arguments only.
func inertFunction(name string) bool {
	switch name {
	case "functools.partial", "builtins.slice", "builtins.range", "builtins.object", "re._compile",
		"datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone",
		"operator.itemgetter", "operator.attrgetter",
		"numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__generator_ctor", "numpy.random._pickle.__bit_generator_ctor",
		"numpy.random.__RandomState_ctor", "numpy.ma._core._mareconstruct", "numpy.ma.core._mareconstruct",
		"pandas.core.indexes.base._new_Index", "pandas._libs.internals._unpickle_block", "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked",
		"scipy.stats._distn_infrastructure.rv_frozen", "scipy.stats._distn_infrastructure.rv_continuous_frozen",
		"scipy.stats._distn_infrastructure.rv_discrete_frozen":
		return true
	}
	return false
}
