package pickle

import (
	"fmt"
	"strconv"
	"strings"
)

// DType is the type of an array's elements.
type DType struct {
	// Kind is numpy's letter: b (bool), i, u, f, c, S (bytes), U (text), O (any value), V (a record, or raw bytes), M and m (times).
	Kind   byte
	Size   int  // bytes of one element
	Big    bool // the first byte is the highest
	Fields []Field
}

// Field is a part of a record.
type Field struct {
	Name   string
	Type   *DType
	Offset int
}

func (t *DType) String() string {
	if len(t.Fields) > 0 {
		names := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			names[i] = f.Name
		}
		return "record of " + strings.Join(names, ", ")
	}
	return string(t.Kind) + strconv.Itoa(t.Size)
}

// parseDType reads numpy's short spelling: "f8", "<U5", "O8", "?".
func parseDType(text string) (*DType, error) {
	t := &DType{}
	spelt := text
	if text != "" && strings.IndexByte("<>|=", text[0]) >= 0 {
		t.Big = text[0] == '>'
		text = text[1:]
	}
	if text == "?" {
		text = "b1"
	}
	if text == "" || strings.IndexByte("biufcSaUOVMm", text[0]) < 0 {
		return nil, fmt.Errorf("the element type %q is none of numpy's that are known", spelt)
	}
	t.Kind = text[0]
	if t.Kind == 'a' {
		t.Kind = 'S'
	}
	digits := text[1:]
	if end := strings.IndexByte(digits, '['); end >= 0 { // the unit of a time
		digits = digits[:end]
	}
	if digits != "" {
		n, err := strconv.Atoi(digits)
		if err != nil || n < 0 || n > 1<<28 {
			return nil, fmt.Errorf("the element type %q has no size that could be meant", spelt)
		}
		t.Size = n
	}
	if t.Kind == 'U' {
		t.Size *= 4
	}
	if t.Kind == 'O' || (strings.IndexByte("Mm", t.Kind) >= 0 && t.Size == 0) {
		t.Size = 8
	}
	return t, t.check()
}

// check holds the sizes of numbers to those that arrays are read with.
func (t *DType) check() error {
	sizes := map[byte]string{'b': "1", 'i': "1248", 'u': "1248", 'f': "248", 'c': "\x08\x10", 'M': "8", 'm': "8", 'O': "8"}[t.Kind]
	switch {
	case t.Size < 0 || t.Size > 1<<30:
		return fmt.Errorf("elements of %d bytes", t.Size)
	case sizes == "" || (t.Kind == 'c' && (t.Size == 8 || t.Size == 16)):
		return nil
	case t.Size > 9 || strings.IndexByte(sizes, byte('0'+t.Size)) < 0:
		return fmt.Errorf("the element type %s isn't read here", t)
	default:
		return nil
	}
}

// build applies what numpy's dtype gives to its __setstate__: (version, byte order, subarray, names, fields, size, alignment, flags, …).
func (t *DType) build(state Value) error {
	tuple, ok := state.(*Tuple)
	if !ok || len(tuple.Items) < 7 {
		return fmt.Errorf("the state of a dtype is no tuple of 8")
	}
	if order, ok := tuple.Items[1].(string); ok {
		t.Big = order == ">"
	}
	if tuple.Items[2] != nil {
		return fmt.Errorf("elements that are arrays themselves aren't read here")
	}
	if size, ok := tuple.Items[5].(int64); ok && size >= 0 {
		if size > 1<<28 {
			return fmt.Errorf("elements of %d bytes", size)
		}
		t.Size = int(size)
	}
	names, named := tuple.Items[3].(*Tuple)
	if !named {
		return t.check()
	}
	fields, ok := tuple.Items[4].(*Dict)
	if !ok {
		return fmt.Errorf("a record's dtype has names and no fields")
	}
	t.Fields = nil
	for _, name := range names.Items {
		field, err := t.field(name, fields)
		if err != nil {
			return err
		}
		t.Fields = append(t.Fields, field)
	}
	return t.check()
}

func (t *DType) field(name Value, fields *Dict) (Field, error) {
	text, ok := name.(string)
	if !ok {
		return Field{}, fmt.Errorf("a record's field has no text as its name")
	}
	found, _ := fields.Get(text)
	pair, ok := found.(*Tuple)
	if !ok || len(pair.Items) < 2 {
		return Field{}, fmt.Errorf("field %q of a record has no type and offset", text)
	}
	of, isType := pair.Items[0].(*DType)
	offset, isOffset := pair.Items[1].(int64)
	if !isType || !isOffset || of == t || len(of.Fields) > 0 || of.Kind == 'O' || offset < 0 || offset+int64(of.Size) > int64(t.Size) {
		return Field{}, fmt.Errorf("field %q of a record doesn't lie within its %d bytes as a plain value", text, t.Size)
	}
	return Field{Name: text, Type: of, Offset: int(offset)}, nil
}
