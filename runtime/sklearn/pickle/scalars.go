package pickle

import (
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

func (m *machine) stepScalar(op byte) (bool, error) {
	switch op {
	case opNone:
		return true, m.push(nil)
	case opNewTrue, opNewFalse:
		return true, m.push(op == opNewTrue)
	case opInt, opLong, opFloat:
		return true, m.number(op)
	case opBinInt:
		v, err := m.cursor.uint(4)
		if err != nil {
			return true, err
		}
		return true, m.push(int64(int32(v)))
	case opBinInt1, opBinInt2:
		size := 1
		if op == opBinInt2 {
			size = 2
		}
		v, err := m.cursor.uint(size)
		if err != nil {
			return true, err
		}
		return true, m.push(int64(v))
	case opLong1, opLong4:
		size := 1
		if op == opLong4 {
			size = 4
		}
		raw, err := m.cursor.sized(size)
		if err != nil {
			return true, err
		}
		if len(raw) > 1024 {
			return true, m.cursor.fail("an integer of %d bytes", len(raw))
		}
		return true, m.push(integerOf(raw))
	case opBinFloat:
		raw, err := m.cursor.take(8)
		if err != nil {
			return true, err
		}
		return true, m.push(math.Float64frombits(binary.BigEndian.Uint64(raw)))
	default:
		return false, nil
	}
}

// number reads the numbers of protocol 0, written as text.
func (m *machine) number(op byte) error {
	line, err := m.cursor.line()
	if err != nil {
		return err
	}
	switch {
	case op == opFloat:
		v, err := strconv.ParseFloat(line, 64)
		if err != nil && !math.IsInf(v, 0) {
			return m.cursor.fail("%q is no number", line)
		}
		return m.push(v)
	case op == opInt && (line == "00" || line == "01"):
		return m.push(line == "01")
	}
	digits := strings.TrimSuffix(line, "L")
	if v, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return m.push(v)
	}
	v, ok := new(big.Int), false
	if len(digits) <= 4096 {
		v, ok = v.SetString(digits, 10)
	}
	if !ok {
		return m.cursor.fail("%.40q is no integer", line)
	}
	return m.push(v)
}

// integerOf reads a little-endian number in two's complement.
func integerOf(raw []byte) Value {
	if len(raw) <= 8 {
		var wide [8]byte
		copy(wide[:], raw)
		if len(raw) > 0 && raw[len(raw)-1] >= 0x80 {
			for i := len(raw); i < 8; i++ {
				wide[i] = 0xff
			}
		}
		return int64(binary.LittleEndian.Uint64(wide[:]))
	}
	highest := slices.Clone(raw)
	slices.Reverse(highest)
	v := new(big.Int).SetBytes(highest)
	if raw[len(raw)-1] >= 0x80 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
	}
	return v
}

func (m *machine) decimal() (uint64, error) {
	line, err := m.cursor.line()
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseUint(line, 10, 32)
	if err != nil {
		return 0, m.cursor.fail("%.40q is no number of a remembered value", line)
	}
	return v, nil
}
