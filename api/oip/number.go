package oip

import (
	"math"
	"strconv"
)

// number is a JSON number, taken apart: (-1 if negative) · mantissa · 10^exponent.
type number struct {
	token     []byte // as written
	mantissa  uint64 // its first 19 significant digits
	exponent  int
	negative  bool
	truncated bool // there were more than 19 digits: mantissa is rounded down
}

// number reads a JSON number, by JSON's own grammar.
func (s *scanner) number() (number, error) {
	s.peek()
	start := s.pos
	var n number
	if s.pos < len(s.data) && s.data[s.pos] == '-' {
		n.negative = true
		s.pos++
	}
	if s.pos >= len(s.data) || s.data[s.pos]-'0' > 9 {
		s.pos = start
		return number{}, s.unexpected("a value")
	}
	if s.data[s.pos] == '0' {
		s.pos++
	} else {
		run := digits(s.data[s.pos:], 0)
		s.pos += run.length
		n.mantissa, n.exponent, n.truncated = run.mantissa, run.dropped, run.truncated
	}
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		run := digits(s.data[s.pos:], n.mantissa)
		if run.length == 0 {
			return number{}, s.unexpected("a digit")
		}
		s.pos += run.length
		n.mantissa, n.truncated = run.mantissa, n.truncated || run.truncated
		n.exponent -= run.length - run.dropped
	}
	if s.pos < len(s.data) && s.data[s.pos]|0x20 == 'e' {
		if err := s.power(&n); err != nil {
			return number{}, err
		}
	}
	n.token = s.data[start:s.pos]
	return n, nil
}

// digitRun is the digits at the start of some bytes.
type digitRun struct {
	length    int
	mantissa  uint64 // the mantissa before them and they behind it, up to 19 digits
	dropped   int    // digits that the mantissa had no room for
	truncated bool   // one of those was not 0
}

func digits(data []byte, mantissa uint64) digitRun {
	run := digitRun{mantissa: mantissa}
	for _, c := range data {
		digit := c - '0'
		if digit > 9 {
			break
		}
		run.length++
		if run.mantissa >= 1e18 { // 19 digits always fit in 64 bits, 20 don't
			run.truncated = run.truncated || digit != 0
			run.dropped++
			continue
		}
		run.mantissa = run.mantissa*10 + uint64(digit)
	}
	return run
}

// power reads "e-12".
func (s *scanner) power(n *number) error {
	s.pos++
	negative := false
	if s.pos < len(s.data) && (s.data[s.pos] == '-' || s.data[s.pos] == '+') {
		negative = s.data[s.pos] == '-'
		s.pos++
	}
	start, power := s.pos, 0
	for ; s.pos < len(s.data) && s.data[s.pos]-'0' <= 9; s.pos++ {
		if power < 1e6 { // beyond every float's range; bounded so that it can't wrap
			power = power*10 + int(s.data[s.pos]-'0')
		}
	}
	if s.pos == start {
		return s.unexpected("a digit")
	}
	if negative {
		power = -power
	}
	n.exponent += power
	return nil
}

// exactPower is the largest power of ten that a float64 holds exactly.
const exactPower = 22

var tens = [exactPower + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// float64 rounds to the nearest float64; false if the number is beyond them.
func (n number) float64() (float64, bool) {
	// Clinger's fast path: both operands are exact, so the one operation rounds once.
	if n.mantissa < 1<<53 && !n.truncated && -exactPower <= n.exponent && n.exponent <= exactPower {
		return n.scaled(), true
	}
	f, err := strconv.ParseFloat(text(n.token), 64)
	return f, err == nil
}

// float32 rounds to the nearest float32; false if the number is beyond them.
func (n number) float32() (float32, bool) {
	if n.mantissa == 0 {
		return float32(n.sign()) * 0, true
	}
	if -exactPower <= n.exponent && n.exponent <= exactPower {
		// scaled is within 2 units in the last place of the true value: the
		// mantissa's cut, its conversion and the scaling add at most 0.01, 0.5
		// and 0.5 of one. Rounding it to 24 bits is therefore right unless it
		// stands that near to the middle of two float32s: the low 29 bits say so.
		f := n.scaled()
		low := int64(math.Float64bits(f) & (1<<29 - 1))
		if abs := math.Abs(f); (low < 1<<28-8 || low > 1<<28+8) && abs >= 0x1p-126 && abs < 0x1p127 {
			return float32(f), true
		}
	}
	f, err := strconv.ParseFloat(text(n.token), 32)
	return float32(f), err == nil
}

func (n number) scaled() float64 {
	f := float64(n.mantissa)
	if n.exponent < 0 {
		f /= tens[-n.exponent]
	} else {
		f *= tens[n.exponent]
	}
	return math.Copysign(f, n.sign())
}

func (n number) sign() float64 {
	if n.negative {
		return -1
	}
	return 1
}

// magnitude gives a whole number without its sign; false if there is a
// fraction or it doesn't fit in 64 bits. "1.0" and "1e3" are whole.
func (n number) magnitude() (uint64, bool) {
	if n.exponent == 0 && !n.truncated {
		return n.mantissa, true
	}
	if n.mantissa == 0 {
		return 0, true
	}
	if n.truncated || n.exponent > 0 {
		return n.grown()
	}
	m := n.mantissa
	for e := n.exponent; e < 0; e++ {
		if m%10 != 0 {
			return 0, false
		}
		m /= 10
	}
	return m, true
}

// grown is magnitude for a positive exponent, and for a 20-digit number.
func (n number) grown() (uint64, bool) {
	if n.truncated {
		token := n.token
		if n.negative {
			token = token[1:]
		}
		m, err := strconv.ParseUint(text(token), 10, 64)
		return m, err == nil
	}
	m := n.mantissa
	for range n.exponent {
		if m > math.MaxUint64/10 {
			return 0, false
		}
		m *= 10
	}
	return m, true
}
