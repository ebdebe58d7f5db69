package pickle

// Read gives the value that a pickle or joblib file holds; data is the whole file, compressed or not. Arrays may share data's memory, which stays
// as it is. An error is a [*FormatError], a [*RefusedError] or a [*LimitError].
func Read(data []byte, limits Limits) (Value, error) {
	limits = limits.withDefaults()
	content, err := unpack(data, limits)
	if err != nil {
		return nil, err
	}
	if len(content) == 0 {
		return nil, &FormatError{Problem: "the file is empty"}
	}
	spent := &account{left: limits.Memory}
	if len(content) != len(data) {
		spent.left -= int64(len(content))
	}
	m := &machine{cursor: &cursor{data: content}, spent: spent, limits: limits}
	return m.run()
}

// account is the memory that may still be used, over all pickles of a file.
type account struct{ left int64 }

func (m *machine) charge(bytes int) error {
	if m.spent.left -= int64(bytes); m.spent.left < 0 {
		return &LimitError{Offset: int64(m.cursor.pos), Bound: "the memory allowed for reading would be needed"}
	}
	return nil
}
