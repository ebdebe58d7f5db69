package pickle

func (m *machine) stepContainer(op byte) (bool, error) {
	switch op {
	case opEmptyList:
		return true, m.container(&List{}, containerCost)
	case opEmptyTuple:
		return true, m.container(&Tuple{}, containerCost)
	case opEmptyDict:
		return true, m.container(&Dict{}, containerCost)
	case opEmptySet:
		return true, m.container(&Set{}, containerCost)
	case opTuple1, opTuple2, opTuple3:
		items, err := m.popN(int(op-opTuple1) + 1)
		if err != nil {
			return true, err
		}
		return true, m.container(&Tuple{Items: items}, containerCost)
	case opTuple, opList, opFrozenSet, opDict:
		items, err := m.popMark()
		if err != nil {
			return true, err
		}
		return true, m.gather(op, items)
	case opAppend:
		item, err := m.pop()
		if err != nil {
			return true, err
		}
		return true, m.appendTo([]Value{item})
	case opAppends, opAddItems:
		items, err := m.popMark()
		if err != nil {
			return true, err
		}
		return true, m.appendTo(items)
	case opSetItem:
		items, err := m.popN(2)
		if err != nil {
			return true, err
		}
		return true, m.setIn(items)
	case opSetItems:
		items, err := m.popMark()
		if err != nil {
			return true, err
		}
		return true, m.setIn(items)
	default:
		return false, nil
	}
}

func (m *machine) gather(op byte, items []Value) error {
	switch op {
	case opTuple:
		return m.container(&Tuple{Items: items}, containerCost)
	case opList:
		return m.container(&List{Items: items}, containerCost)
	case opFrozenSet:
		return m.container(&Set{Items: items}, containerCost)
	default:
		d := &Dict{}
		if err := m.pairs(d, items); err != nil {
			return err
		}
		return m.container(d, containerCost)
	}
}

// appendTo adds items to the list, set or object on top of the stack.
func (m *machine) appendTo(items []Value) error {
	target, err := m.top()
	if err != nil {
		return err
	}
	switch target := target.(type) {
	case *List:
		target.Items = append(target.Items, items...)
	case *Set:
		target.Items = append(target.Items, items...)
	case *Object:
		target.Items = append(target.Items, items...)
	default:
		return m.cursor.fail("items are appended to a %s", nameOf(target))
	}
	return m.charge(len(items) * slotCost)
}

// setIn sets pairs of key and value in the dict or object on top of the stack.
func (m *machine) setIn(items []Value) error {
	target, err := m.top()
	if err != nil {
		return err
	}
	switch target := target.(type) {
	case *Dict:
		return m.pairs(target, items)
	case *Object:
		return m.pairs(&target.Entries, items)
	default:
		return m.cursor.fail("a key is set in a %s", nameOf(target))
	}
}

func (m *machine) pairs(d *Dict, items []Value) error {
	if len(items)%2 != 0 {
		return m.cursor.fail("a key without a value")
	}
	for i := 0; i < len(items); i += 2 {
		d.set(items[i], items[i+1])
	}
	return m.charge(len(items) * slotCost)
}

// nameOf says what a value is, for messages.
func nameOf(v Value) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool, int64, float64:
		return "number"
	case string:
		return "text"
	case []byte:
		return "string of bytes"
	case *List:
		return "list"
	case *Tuple:
		return "tuple"
	case *Set:
		return "set"
	case *Dict:
		return "dict"
	case *Array:
		return "numpy array"
	case *DType:
		return "numpy dtype"
	case *Global:
		return "reference to " + v.String()
	case *Object:
		return v.Module + "." + v.Name
	default:
		return "value"
	}
}
