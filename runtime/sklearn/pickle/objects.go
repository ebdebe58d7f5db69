package pickle

// stepObject is what makes instances and fills them.
func (m *machine) stepObject(op byte) (bool, error) {
	switch op {
	case opGlobal:
		return true, m.global()
	case opStackGlobal:
		names, err := m.popN(2)
		if err != nil {
			return true, err
		}
		module, isText := names[0].(string)
		name, isToo := names[1].(string)
		if !isText || !isToo {
			return true, m.cursor.fail("a class whose name is no text")
		}
		return true, m.container(canonical(module, name), containerCost)
	case opReduce:
		return true, m.reduce()
	case opNewObj:
		parts, err := m.popN(2)
		if err != nil {
			return true, err
		}
		return true, m.instance(parts[0], parts[1])
	case opNewObjEx:
		parts, err := m.popN(3)
		if err != nil {
			return true, err
		}
		return true, m.instance(parts[0], parts[1])
	case opInst:
		return true, m.inst()
	case opObj:
		items, err := m.popMark()
		if err != nil {
			return true, err
		}
		if len(items) == 0 {
			return true, m.cursor.fail("an instance without a class")
		}
		return true, m.instance(items[0], &Tuple{Items: items[1:]})
	case opBuild:
		return true, m.build()
	default:
		return false, nil
	}
}

func (m *machine) global() error {
	module, err := m.cursor.line()
	if err != nil {
		return err
	}
	name, err := m.cursor.line()
	if err != nil {
		return err
	}
	return m.container(canonical(module, name), containerCost+len(module)+len(name))
}

func (m *machine) inst() error {
	module, err := m.cursor.line()
	if err != nil {
		return err
	}
	name, err := m.cursor.line()
	if err != nil {
		return err
	}
	args, err := m.popMark()
	if err != nil {
		return err
	}
	return m.instance(canonical(module, name), &Tuple{Items: args})
}

// instance makes an inert object of a class; classes that are values here become those.
func (m *machine) instance(class, args Value) error {
	global, ok := class.(*Global)
	if !ok {
		return m.cursor.fail("an instance is made of a %s, which is no class", nameOf(class))
	}
	tuple, ok := args.(*Tuple)
	if !ok {
		return m.cursor.fail("%s is made from a %s, not from arguments", global, nameOf(args))
	}
	made, known, err := m.construct(global, tuple.Items)
	if err != nil {
		return err
	}
	if !known {
		made = &Object{Module: global.Module, Name: global.Name, Args: tuple.Items}
	}
	return m.container(made, objectCost)
}

// reduce is where Python would call a function.
func (m *machine) reduce() error {
	parts, err := m.popN(2)
	if err != nil {
		return err
	}
	global, ok := parts[0].(*Global)
	if !ok {
		return m.cursor.fail("a %s is called, which is no constructor", nameOf(parts[0]))
	}
	args, ok := parts[1].(*Tuple)
	if !ok {
		return m.cursor.fail("%s is called with a %s, not with arguments", global, nameOf(parts[1]))
	}
	made, known, err := m.construct(global, args.Items)
	if err != nil {
		return err
	}
	if !known {
		made, known = inert(global, args.Items)
	}
	if !known {
		return &RefusedError{Offset: int64(m.cursor.pos), Callable: global.String()}
	}
	return m.container(made, objectCost)
}

// build gives an object its state.
func (m *machine) build() error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	target, err := m.top()
	if err != nil {
		return err
	}
	switch target := target.(type) {
	case *DType:
		if err := target.build(state); err != nil {
			return m.cursor.fail("%v", err)
		}
	case *Array:
		if err := target.build(state); err != nil {
			return m.cursor.fail("%v", err)
		}
	case *Object:
		if target.Module == joblibModule && target.State == nil {
			return m.buildJoblib(target, state)
		}
		mergeState(target, state)
	case *Dict, *List, *Set, *Tuple, *Global, *Scalar:
		// A subclass' attributes, such as defaultdict's; the contents are what counts.
	default:
		return m.cursor.fail("a %s is given a state", nameOf(target))
	}
	return nil
}

// mergeState adds a second dict of attributes to the first, as __dict__.update does; any other state replaces the one before.
func mergeState(target *Object, state Value) {
	first, isDict := target.State.(*Dict)
	second, isToo := state.(*Dict)
	if !isDict || !isToo || first == second {
		target.State = state
		return
	}
	target.State = &Dict{Keys: append(first.Keys[:len(first.Keys):len(first.Keys)], second.Keys...),
		Values: append(first.Values[:len(first.Values):len(first.Values)], second.Values...)}
}
