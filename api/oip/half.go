package oip

import "math"

// halfFromFloat rounds to the nearest IEEE 754 binary16, ties to even. A value
// too large for it becomes an infinity.
func halfFromFloat(f float32) uint16 {
	bits := math.Float32bits(f)
	sign := uint16(bits>>16) & 0x8000
	exponent := int(bits>>23) & 0xff
	mantissa := bits & 0x7fffff
	switch {
	case exponent == 0xff && mantissa != 0:
		return sign | 0x7e00
	case exponent > 142: // 2^16 and above, and infinities
		return sign | 0x7c00
	case exponent >= 113: // normal: re-bias by 112, drop 13 bits; a carry out of the mantissa is the next exponent
		return sign | uint16(roundShift(uint32(exponent-112)<<23|mantissa, 13))
	case exponent >= 102: // subnormal: the mantissa with its leading one, shifted down to units of 2^-24
		return sign | uint16(roundShift(mantissa|0x800000, uint(126-exponent)))
	default:
		return sign
	}
}

// halfToFloat is exact: every binary16 is a binary32.
func halfToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent := uint32(h>>10) & 0x1f
	mantissa := uint32(h) & 0x3ff
	switch exponent {
	case 0: // subnormals count in units of 2^-24
		magnitude := float32(mantissa) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(magnitude))
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | mantissa<<13)
	default:
		return math.Float32frombits(sign | (exponent+112)<<23 | mantissa<<13)
	}
}

// brainFromFloat rounds to the nearest bfloat16, ties to even.
func brainFromFloat(f float32) uint16 {
	bits := math.Float32bits(f)
	if bits&0x7fffffff > 0x7f800000 { // rounding a NaN could make it an infinity
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

// brainToFloat is exact: a bfloat16 is the upper half of a binary32.
func brainToFloat(b uint16) float32 {
	return math.Float32frombits(uint32(b) << 16)
}

// roundShift drops n low bits, rounding to nearest, ties to even.
func roundShift(v uint32, n uint) uint32 {
	half := uint32(1) << (n - 1)
	rest := v & (half<<1 - 1)
	v >>= n
	if rest > half || rest == half && v&1 == 1 {
		v++
	}
	return v
}
