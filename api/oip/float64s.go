package oip

// AppendFloat64s appends the elements of a tensor of any datatype but BYTES as FP64. Integers beyond 2^53 are rounded; true is 1.
func AppendFloat64s(dst []float64, t Tensor) []float64 {
	switch t.Datatype {
	case Bool:
		for _, v := range Elements[bool](t) {
			if v {
				dst = append(dst, 1)
			} else {
				dst = append(dst, 0)
			}
		}
	case Uint8:
		return widen(dst, Elements[uint8](t))
	case Uint16:
		return widen(dst, Elements[uint16](t))
	case Uint32:
		return widen(dst, Elements[uint32](t))
	case Uint64:
		return widen(dst, Elements[uint64](t))
	case Int8:
		return widen(dst, Elements[int8](t))
	case Int16:
		return widen(dst, Elements[int16](t))
	case Int32:
		return widen(dst, Elements[int32](t))
	case Int64:
		return widen(dst, Elements[int64](t))
	case FP16:
		for _, v := range Elements[uint16](t) {
			dst = append(dst, float64(halfToFloat(v)))
		}
	case BF16:
		for _, v := range Elements[uint16](t) {
			dst = append(dst, float64(brainToFloat(v)))
		}
	case FP32:
		return widen(dst, Elements[float32](t))
	case FP64:
		return append(dst, Elements[float64](t)...)
	}
	return dst
}

func widen[T uint8 | uint16 | uint32 | uint64 | int8 | int16 | int32 | int64 | float32](dst []float64, values []T) []float64 {
	for _, v := range values {
		dst = append(dst, float64(v))
	}
	return dst
}
