package pickle

// machine is the stack machine that a pickle is a program for.
type machine struct {
	cursor *cursor
	spent  *account
	limits Limits
	nested int // pickles that this one stands within

	stack []Value
	marks []int // heights of the stack
	memo  []Value
	far   map[uint64]Value // memo entries whose numbers leave gaps
}

// costs of values, in bytes, roughly as Go lays them out.
const (
	slotCost      = 16
	containerCost = 64
	objectCost    = 192
	textCost      = 32
)

// run executes opcodes up to STOP and gives what it leaves.
func (m *machine) run() (Value, error) {
	for {
		op, err := m.cursor.byte()
		if err != nil {
			return nil, err
		}
		if op == opStop {
			return m.pop()
		}
		if err := m.step(op); err != nil {
			return nil, err
		}
	}
}

func (m *machine) push(v Value) error {
	m.stack = append(m.stack, v)
	return m.charge(slotCost)
}

// floor is the height below which the stack belongs to values before the last mark.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() (Value, error) {
	if len(m.stack) <= m.floor() {
		return nil, m.cursor.fail("a value is taken from an empty stack")
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

func (m *machine) top() (Value, error) {
	if len(m.stack) <= m.floor() {
		return nil, m.cursor.fail("a value is looked for on an empty stack")
	}
	return m.stack[len(m.stack)-1], nil
}

func (m *machine) mark() error {
	if len(m.marks) >= m.limits.Depth {
		return &LimitError{Offset: int64(m.cursor.pos), Bound: "the marks allowed would be open"}
	}
	m.marks = append(m.marks, len(m.stack))
	return nil
}

// popMark takes all values since the last mark.
func (m *machine) popMark() ([]Value, error) {
	if len(m.marks) == 0 {
		return nil, m.cursor.fail("values are taken up to a mark that was never set")
	}
	at := m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	items := make([]Value, len(m.stack)-at)
	copy(items, m.stack[at:])
	m.stack = m.stack[:at]
	return items, m.charge(len(items) * slotCost)
}

// popN takes the last n values in their order.
func (m *machine) popN(n int) ([]Value, error) {
	if len(m.stack)-n < m.floor() {
		return nil, m.cursor.fail("%d values are taken from a stack of fewer", n)
	}
	items := make([]Value, n)
	copy(items, m.stack[len(m.stack)-n:])
	m.stack = m.stack[:len(m.stack)-n]
	return items, m.charge(n * slotCost)
}

func (m *machine) remember(index uint64) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	switch {
	case index < uint64(len(m.memo)):
		m.memo[index] = v
	case index == uint64(len(m.memo)):
		m.memo = append(m.memo, v)
	default:
		if m.far == nil {
			m.far = map[uint64]Value{}
		}
		m.far[index] = v
	}
	return m.charge(2 * slotCost)
}

func (m *machine) recall(index uint64) error {
	if v, ok := m.far[index]; ok {
		return m.push(v)
	}
	if index >= uint64(len(m.memo)) {
		return m.cursor.fail("value %d is recalled and was never remembered", index)
	}
	return m.push(m.memo[index])
}

// container pushes a new value that takes cost bytes.
func (m *machine) container(v Value, cost int) error {
	if err := m.charge(cost); err != nil {
		return err
	}
	return m.push(v)
}
