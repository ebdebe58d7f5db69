package oip

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

func FuzzNumbersAreEncodingJSONs(f *testing.F) {
	for _, seed := range []string{"0", "-0", "1", "-1.5", "1e3", "1E+2", "0.1", "3.4028235e38", "3.4028236e38", "1e-45", "7e-46", "1e309", "5e-324", "01", "1.", ".5", "-", "1e", "+1",
		"16777217", "16777219.0000000001", "0.000000000000000000000000000000000000000000001401298464324817", "9007199254740993", "18446744073709551615", "18446744073709551616",
		"1.00000017881393432617187499", "1.00000017881393432617187500", "1.00000017881393432617187501", "NaN", "Infinity", "1e99999999999999999999", "0e1", "12345678901234567890123e-5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) { checkNumber(t, token) })
}

// checkNumber compares one token's reading with encoding/json's and strconv's.
func checkNumber(t *testing.T, token string) {
	t.Helper()
	s := scanner{data: []byte(token)}
	n, err := s.number()
	valid := err == nil && s.pos == len(token) && string(n.token) == token
	if want := json.Valid([]byte(token)) && isNumber(token); valid != want {
		t.Fatalf("%q: taken as a number: %v, want %v", token, valid, want)
	}
	if !valid {
		return
	}
	want64, err64 := strconv.ParseFloat(token, 64)
	if got, ok := n.float64(); ok != (err64 == nil) || ok && math.Float64bits(got) != math.Float64bits(want64) {
		t.Errorf("%q as float64: got %v %v, want %v %v", token, got, ok, want64, err64)
	}
	want32, err32 := strconv.ParseFloat(token, 32)
	if got, ok := n.float32(); ok != (err32 == nil) || ok && math.Float32bits(got) != math.Float32bits(float32(want32)) {
		t.Errorf("%q as float32: got %v %v, want %v %v", token, got, ok, want32, err32)
	}
	if want, err := strconv.ParseInt(token, 10, 64); err == nil {
		m, whole := n.magnitude()
		if got := int64(m); !whole || got != want && -got != want {
			t.Errorf("%q as a whole number: got %d %v", token, m, whole)
		}
	}
}

// isNumber tells a number from JSON's other values; white space makes it none.
func isNumber(token string) bool {
	last := token[len(token)-1]
	return (token[0] == '-' || '0' <= token[0] && token[0] <= '9') && '0' <= last && last <= '9'
}

// The fast path to float32 must round as the slow one does near the middle of
// two float32s, where a double rounding would show.
func TestFloat32RoundsOnceNearMiddles(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		f := math.Float32frombits(random.Uint32())
		if f != f || math.IsInf(float64(f), 0) {
			continue
		}
		middle := (float64(f) + float64(math.Nextafter32(f, float32(math.Inf(1))))) / 2
		for range random.IntN(4) {
			middle = math.Nextafter(middle, float64(f))
		}
		if math.IsInf(middle, 0) {
			continue
		}
		checkNumber(t, strconv.FormatFloat(middle, 'e', random.IntN(20), 64))
	}
}

func TestFloatsComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		f := math.Float64frombits(random.Uint64())
		if math.IsNaN(f) || math.IsInf(f, 0) {
			continue
		}
		text := appendFloat(nil, f, 64)
		want, err := json.Marshal(f)
		if err != nil || !sameNumber(string(want), string(text)) {
			t.Fatalf("%v written %s, encoding/json writes %s (%v)", f, text, want, err)
		}
		s := scanner{data: text}
		if got, err := s.fp64(); err != nil || got != f {
			t.Fatalf("%s read as %v, %v", text, got, err)
		}
	}
}

// sameNumber forgives e-09 for e-9.
func sameNumber(a, b string) bool {
	fa, errA := strconv.ParseFloat(a, 64)
	fb, errB := strconv.ParseFloat(b, 64)
	return errA == nil && errB == nil && fa == fb
}

func TestHalvesConvertExactly(t *testing.T) {
	t.Parallel()
	for h := range uint32(1 << 16) {
		f := halfToFloat(uint16(h))
		if back := halfFromFloat(f); back != uint16(h) && f == f {
			t.Fatalf("half %#04x is %v, which is half %#04x", h, f, back)
		}
		b := brainToFloat(uint16(h))
		if back := brainFromFloat(b); back != uint16(h) && b == b {
			t.Fatalf("bfloat16 %#04x is %v, which is bfloat16 %#04x", h, b, back)
		}
	}
}

func TestHalvesRoundToNearestEven(t *testing.T) {
	t.Parallel()
	for h := uint16(0); h < 0x7bff; h++ {
		low, high := float64(halfToFloat(h)), float64(halfToFloat(h+1))
		middle := float32((low + high) / 2) // exact: 12 bits
		even := h + h&1
		if got := halfFromFloat(middle); got != even {
			t.Fatalf("the middle of %#04x and its next went to %#04x", h, got)
		}
		if got := halfFromFloat(math.Nextafter32(middle, 0)); got != h {
			t.Fatalf("below the middle of %#04x went to %#04x", h, got)
		}
		if got := halfFromFloat(-math.Nextafter32(middle, 70000)); got != (h+1)|0x8000 {
			t.Fatalf("above the middle of -%#04x went to %#04x", h, got)
		}
	}
	if got := halfFromFloat(65520); got != 0x7c00 {
		t.Errorf("65520 went to %#04x, want infinity", got)
	}
}
