package ort

/*
#include "bridge.h"
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

// newValue makes a tensor over v's memory, which stays pinned as long as pinner
// says; strings are copied.
func (l *Library) newValue(v Value, pinner *runtime.Pinner) (*C.OrtValue, error) {
	if v.Kind != KindTensor {
		return nil, fmt.Errorf("a %s can't be given to a model, only a tensor", v.Kind)
	}
	shape := (*C.int64_t)(unsafe.SliceData(v.Shape))
	var out *C.OrtValue
	if v.Element == ElementString {
		return l.newStrings(v)
	}
	if v.Element.Size() == 0 {
		return nil, fmt.Errorf("elements of %s are not supported", v.Element)
	}
	data := unsafe.Pointer(unsafe.SliceData(v.Data))
	if len(v.Data) == 0 { // onnxruntime wants an address even of nothing
		data = unsafe.Pointer(new(uint64))
	}
	pinner.Pin(data)
	err := l.check(C.value_tensor(l.c, data, C.size_t(len(v.Data)), shape, C.size_t(len(v.Shape)), C.int(v.Element), &out))
	return out, err
}

func (l *Library) newStrings(v Value) (*C.OrtValue, error) {
	size := 0
	lengths := make([]C.size_t, len(v.Strings))
	for i, s := range v.Strings {
		lengths[i] = C.size_t(len(s))
		size += len(s)
	}
	text := make([]byte, 0, size+1)
	for _, s := range v.Strings {
		text = append(text, s...)
	}
	var out *C.OrtValue
	err := l.check(C.value_strings(l.c, (*C.char)(unsafe.Pointer(unsafe.SliceData(text))), unsafe.SliceData(lengths), C.size_t(len(lengths)),
		(*C.int64_t)(unsafe.SliceData(v.Shape)), C.size_t(len(v.Shape)), &out))
	if err != nil && out != nil {
		C.value_release(l.c, out)
		return nil, err
	}
	return out, err
}

// readValue copies a value into Go's memory.
func (l *Library) readValue(v *C.OrtValue) (Value, error) {
	if v == nil {
		return Value{}, fmt.Errorf("the model gave nothing for it")
	}
	var kind C.int
	if err := l.check(C.value_kind(l.c, v, &kind)); err != nil {
		return Value{}, err
	}
	switch Kind(kind) {
	case KindTensor:
		return l.readTensor(v)
	case KindSequence:
		var count C.size_t
		if err := l.check(C.value_count(l.c, v, &count)); err != nil {
			return Value{}, err
		}
		return l.readItems(v, KindSequence, int(count))
	case KindMap:
		return l.readItems(v, KindMap, 2)
	default:
		return Value{}, fmt.Errorf("a %s can't be read", Kind(kind))
	}
}

func (l *Library) readItems(v *C.OrtValue, kind Kind, count int) (Value, error) {
	out := Value{Kind: kind, Items: make([]Value, count)}
	for i := range out.Items {
		var item *C.OrtValue
		if err := l.check(C.value_item(l.c, v, C.int(i), &item)); err != nil {
			return Value{}, err
		}
		var err error
		out.Items[i], err = l.readValue(item)
		C.value_release(l.c, item)
		if err != nil {
			return Value{}, err
		}
	}
	return out, nil
}

func (l *Library) readTensor(v *C.OrtValue) (Value, error) {
	var info *C.OrtTensorTypeAndShapeInfo
	if err := l.check(C.value_info(l.c, v, &info)); err != nil {
		return Value{}, err
	}
	defer C.info_release(l.c, info)
	t, err := l.readInfo(info)
	if err != nil {
		return Value{}, err
	}
	out := Value{Kind: KindTensor, Element: t.Element, Shape: t.Shape}
	count := 1
	for _, dim := range out.Shape {
		count *= int(dim)
	}
	if t.Element == ElementString {
		out.Strings, err = l.readStrings(v, count)
		return out, err
	}
	if t.Element.Size() == 0 {
		return Value{}, fmt.Errorf("elements of %s are not supported", t.Element)
	}
	out.Data, err = l.readData(v, count*t.Element.Size())
	return out, err
}

func (l *Library) readData(v *C.OrtValue, size int) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	var data unsafe.Pointer
	if err := l.check(C.value_data(l.c, v, &data)); err != nil {
		return nil, err
	}
	// In whole words, so that it is aligned for every element type.
	words := make([]uint64, (size+7)/8)
	out := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), size)
	copy(out, unsafe.Slice((*byte)(data), size))
	return out, nil
}

func (l *Library) readStrings(v *C.OrtValue, count int) ([]string, error) {
	if count == 0 {
		return []string{}, nil
	}
	var size C.size_t
	if err := l.check(C.value_text_size(l.c, v, &size)); err != nil {
		return nil, err
	}
	text := make([]byte, size+1) // so that there is an address even of nothing
	offsets := make([]C.size_t, count, count+1)
	if err := l.check(C.value_text(l.c, v, unsafe.Pointer(unsafe.SliceData(text)), size, unsafe.SliceData(offsets), C.size_t(count))); err != nil {
		return nil, err
	}
	offsets = append(offsets, size)
	out := make([]string, count)
	for i := range out {
		out[i] = string(text[offsets[i]:offsets[i+1]])
	}
	return out, nil
}

func (l *Library) release(values []*C.OrtValue) {
	for _, v := range values {
		if v != nil {
			C.value_release(l.c, v)
		}
	}
}

func (l *Library) readType(info *C.OrtTypeInfo) (Type, error) {
	var kind C.int
	if err := l.check(C.type_kind(l.c, info, &kind)); err != nil {
		return Type{}, err
	}
	switch t := (Type{Kind: Kind(kind)}); t.Kind {
	case KindTensor, KindSparseTensor:
		var shape *C.OrtTensorTypeAndShapeInfo
		if err := l.check(C.type_tensor(l.c, info, &shape)); err != nil {
			return Type{}, err
		}
		read, err := l.readInfo(shape)
		read.Kind = t.Kind
		return read, err
	case KindSequence:
		var item *C.OrtTypeInfo
		return l.readItemType(t, l.check(C.type_sequence(l.c, info, &item)), item)
	case KindMap:
		var key C.int
		var item *C.OrtTypeInfo
		err := l.check(C.type_map(l.c, info, &key, &item))
		t.Element = Element(key)
		return l.readItemType(t, err, item)
	default:
		return t, nil
	}
}

func (l *Library) readItemType(t Type, err error, item *C.OrtTypeInfo) (Type, error) {
	if err != nil {
		return Type{}, err
	}
	defer C.type_release(l.c, item)
	read, err := l.readType(item)
	t.Item = &read
	return t, err
}

func (l *Library) readInfo(info *C.OrtTensorTypeAndShapeInfo) (Type, error) {
	var element C.int
	var rank C.size_t
	var anyRank C.bool
	if err := l.check(C.info_describe(l.c, info, &element, &rank, &anyRank)); err != nil {
		return Type{}, err
	}
	t := Type{Kind: KindTensor, Element: Element(element), Shape: make([]int64, rank), AnyRank: bool(anyRank)}
	if rank == 0 {
		return t, nil
	}
	return t, l.check(C.info_dimensions(l.c, info, (*C.int64_t)(unsafe.SliceData(t.Shape)), rank))
}
