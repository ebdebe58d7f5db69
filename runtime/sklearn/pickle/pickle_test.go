package pickle_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/test/bounded"
)

func read(t *testing.T, content string) pickle.Value {
	t.Helper()
	v, err := pickle.Read([]byte(content), pickle.Limits{})
	if err != nil {
		t.Fatalf("%q: %v", content, err)
	}
	return v
}

func TestPlainValuesOfEveryProtocolAreRead(t *testing.T) {
	t.Parallel()
	huge, _ := new(big.Int).SetString("-340282366920938463463374607431768211456", 10)
	tests := []struct {
		content string
		want    pickle.Value
	}{
		{"N.", nil},
		{"I01\n.", true},
		{"I00\n.", false},
		{"I42\n.", int64(42)},
		{"L-7L\n.", int64(-7)},
		{"L-340282366920938463463374607431768211456L\n.", huge},
		{"F1.5\n.", 1.5},
		{"\x80\x02K\x07.", int64(7)},
		{"\x80\x02M\x01\x02.", int64(513)},
		{"\x80\x02J\xfe\xff\xff\xff.", int64(-2)},
		{"\x80\x02\x8a\x02\x00\x80.", int64(-32768)},
		{"\x80\x02\x8a\x00.", int64(0)},
		{"\x80\x02G\x3f\xf8\x00\x00\x00\x00\x00\x00.", 1.5},
		{"\x80\x02\x88.", true},
		{"V\\u00e9\\\\\n.", "é\\\\"},
		{"S'it\\'s\\n\\x41'\n.", "it's\nA"},
		{"\x80\x04\x8c\x03abc.", "abc"},
		{"\x80\x05\x96\x02\x00\x00\x00\x00\x00\x00\x00hi.", []byte("hi")},
		{"C\x02hi.", []byte("hi")},
		{"(lp0\nI1\naI2\na.", &pickle.List{Items: []pickle.Value{int64(1), int64(2)}}},
		{"](K\x01K\x02e.", &pickle.List{Items: []pickle.Value{int64(1), int64(2)}}},
		{"(K\x01K\x02t.", &pickle.Tuple{Items: []pickle.Value{int64(1), int64(2)}}},
		{"K\x01\x85.", &pickle.Tuple{Items: []pickle.Value{int64(1)}}},
		{"}(X\x01\x00\x00\x00aK\x01u.", &pickle.Dict{Keys: []pickle.Value{"a"}, Values: []pickle.Value{int64(1)}}},
		{"\x8f(K\x01\x90.", &pickle.Set{Items: []pickle.Value{int64(1)}}},
		{"(K\x01\x91.", &pickle.Set{Items: []pickle.Value{int64(1)}}},
		{"c__builtin__\nset\n((lK\x01atR.", &pickle.Set{Items: []pickle.Value{int64(1)}}},
		{"c_codecs\nencode\n(V\xe9\nVlatin1\ntR.", []byte{0xe9}},
		{"c__builtin__\ncomplex\n(F1\nF2\ntR.", complex(1, 2)},
		{"ccollections\nOrderedDict\n)R(V\nK\x01u.", &pickle.Dict{Keys: []pickle.Value{""}, Values: []pickle.Value{int64(1)}}},
		{"cnumpy\nfloat64\n.", &pickle.Global{Module: "numpy", Name: "float64"}},
		{"cm\nC\n)\x81}V\nK\x01sb.", &pickle.Object{Module: "m", Name: "C", State: &pickle.Dict{Keys: []pickle.Value{""}, Values: []pickle.Value{int64(1)}}}},
		{"ccopy_reg\n_reconstructor\n(cm\nC\nc__builtin__\nobject\nNtR.", &pickle.Object{Module: "m", Name: "C"}},
		{"cm\nClass\n(K\x01tR.", &pickle.Object{Module: "m", Name: "Class", Args: []pickle.Value{int64(1)}}},
		{"c_loss\n__pyx_unpickle_CyHuberLoss\n(NK\x01NtR.", &pickle.Object{Module: "_loss", Name: "CyHuberLoss", Args: []pickle.Value{nil, int64(1), nil}}},
		{"(K\x01im\nC\n.", &pickle.Object{Module: "m", Name: "C", Args: []pickle.Value{int64(1)}}},
	}
	same := cmp.Comparer(func(x, y *big.Int) bool { return x.Cmp(y) == 0 })
	for _, test := range tests {
		v, err := pickle.Read([]byte(test.content), pickle.Limits{})
		if err != nil {
			t.Errorf("%q: %v", test.content, err)
			continue
		}
		if diff := cmp.Diff(test.want, v, same); diff != "" {
			t.Errorf("%q:\n%s", test.content, diff)
		}
	}
}

func TestWhatCouldRunIsRefusedByName(t *testing.T) {
	t.Parallel()
	tests := []struct{ content, callable string }{
		{"cos\nsystem\n(Vid\ntR.", "os.system"},
		{"cposix\nsystem\n(Vid\ntR.", "posix.system"},
		{"c__builtin__\neval\n(V1\ntR.", "builtins.eval"},
		{"c__builtin__\ngetattr\n(Nt\x85R.", "builtins.getattr"},
		{"\x80\x04\x8c\nsubprocess\x8c\x0ccheck_output\x93(tR.", "subprocess.check_output"},
		{"csklearn.utils\n_run\n)R.", "sklearn.utils._run"},
		{"cnumpy\nload\n(Vx\ntR.", "numpy.load"},
	}
	for _, test := range tests {
		_, err := pickle.Read([]byte(test.content), pickle.Limits{})
		var refused *pickle.RefusedError
		if !errors.As(err, &refused) || refused.Callable != test.callable {
			t.Errorf("%q: %v, want a refusal of %s", test.content, err, test.callable)
		}
	}
}

func TestBrokenFilesAreNamed(t *testing.T) {
	t.Parallel()
	for content, problem := range map[string]string{
		"":                      "empty",
		"NR.":                   "stack of fewer",
		"hello":                 "never remembered",
		"\x00":                  "no opcode",
		"\x80\x09N.":            "newer than 5",
		"N":                     "cut off",
		"X\xff\xff\xff\xffabc.": "4294967295 bytes are announced and 4 are there",
		"\x8d\xff\xff\xff\xff\xff\xff\xff\xffab.": "a length",
		"t.":                       "never set",
		"h\x05.":                   "never remembered",
		"P12\n.":                   "persistent id",
		"\x82\x01.":                "extension registry",
		"\x97.":                    "outside the file",
		"N\x85K\x01R.":             "tuple is called",
		"K\x01K\x02a.":             "appended to a number",
		"\x78\x9cgarbage":          "unpacking zlib",
		"cnumpy\ndtype\n(Vq9\ntR.": "element type",
		"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01(K\x05tcnumpy\ndtype\n(Vf8\ntR\x89C\x08\x00\x00\x00\x00\x00\x00\x00\x00tb.": "shape [5]",
		"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ftcnumpy\ndtype\n(Vf8\ntR\x89C\x00tb.":    "shape",
		"cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}b.": "files of their own",
	} {
		_, err := pickle.Read([]byte(content), pickle.Limits{})
		if err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: %v, want %q", content, err, problem)
		}
	}
}

func TestBoundsHold(t *testing.T) {
	t.Parallel()
	limits := pickle.Limits{Memory: 1 << 20, Depth: 100}
	for name, content := range map[string]string{
		"values": strings.Repeat("]", 1<<20) + ".",
		"marks":  strings.Repeat("(", 200) + ".",
		"memo":   "N" + strings.Repeat("\x94", 1<<20) + ".",
		"bomb":   bomb(t),
	} {
		_, err := pickle.Read([]byte(content), limits)
		var over *pickle.LimitError
		if !errors.As(err, &over) {
			t.Errorf("%s: %v, want a limit", name, err)
		}
	}
}

// bomb is 64 MiB of nothing, as zlib, in 64 KiB.
func bomb(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "bomb.zlib"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestOldJoblibsCompressionIsRead is about the header that joblib wrote before 0.10.
func TestOldJoblibsCompressionIsRead(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString("ZF" + fmt.Sprintf("%-19s", "0x2"))
	z := zlib.NewWriter(&b)
	if _, err := z.Write([]byte("K\x07.")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if v := read(t, b.String()); v != int64(7) {
		t.Errorf("read %v, want 7", v)
	}
}

func TestACycleIsReadAsOne(t *testing.T) {
	t.Parallel()
	list := read(t, "]\x94h\x00a.").(*pickle.List)
	if len(list.Items) != 1 || list.Items[0] != pickle.Value(list) {
		t.Errorf("a list that holds itself is read as %v", list.Items)
	}
}

func TestArraysOfEveryTypeAndOrderAreRead(t *testing.T) {
	t.Parallel()
	doubles := func(order binary.ByteOrder, values ...float64) string {
		var b bytes.Buffer
		for _, v := range values {
			if err := binary.Write(&b, order, math.Float64bits(v)); err != nil {
				t.Fatal(err)
			}
		}
		return b.String()
	}
	array := func(dtype, order, shape, fortran, data string) string {
		return "cnumpy._core.multiarray\n_reconstruct\n)R(K\x01" + shape + "cnumpy\ndtype\n(V" + dtype + "\ntR(K\x03V" + order + "\nNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb" + fortran +
			"C" + string(rune(len(data))) + data + "tb."
	}
	square := "(K\x02K\x02t"
	for name, test := range map[string]struct {
		content string
		want    []float64
	}{
		"row-major":  {array("f8", "<", square, "\x89", doubles(binary.LittleEndian, 1, 2, 3, 4)), []float64{1, 2, 3, 4}},
		"fortran":    {array("f8", "<", square, "\x88", doubles(binary.LittleEndian, 1, 2, 3, 4)), []float64{1, 3, 2, 4}},
		"big-endian": {array("f8", ">", square, "\x89", doubles(binary.BigEndian, 1, 2, 3, 4)), []float64{1, 2, 3, 4}},
		"int16":      {array("i2", "<", square, "\x89", "\x01\x00\xff\xff\x00\x80\x02\x00"), []float64{1, -1, -32768, 2}},
		"bool":       {array("b1", "|", square, "\x89", "\x01\x00\x00\x01"), []float64{1, 0, 0, 1}},
		"half":       {array("f2", "<", square, "\x89", "\x00\x3c\x00\xc0\x00\x7c\x01\x00"), []float64{1, -2, math.Inf(1), 0x1p-24}},
	} {
		values, err := read(t, test.content).(*pickle.Array).Floats()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, values); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// FuzzRead holds the reader to its bounds: an error or a value, whatever the bytes. What was read is looked at by the accessors, too.
func FuzzRead(f *testing.F) {
	seeds, err := filepath.Glob(filepath.Join("..", "testdata", "*", "*"))
	if err != nil {
		f.Fatal(err)
	}
	for i, path := range seeds {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			continue // what fuzzing has found in the models' own reader
		}
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		// Few of the compressed ones: unpacking is other people's code, and slow.
		if packed := strings.HasSuffix(path, ".joblib") && data[0] != 0x80; len(data) < 2048 && (!packed || i%16 == 0) {
			f.Add(data)
		}
	}
	// Unpacking may fill Limits.Memory several times over, for stacks and buffers that grow.
	memory := bounded.Memory{PerByte: 512, Constant: 16 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v pickle.Value
		var err error
		memory.Run(t, len(data), func() { v, err = pickle.Read(data, pickle.Limits{Memory: 1 << 20}) })
		if err != nil {
			return
		}
		walk(v, 0, map[pickle.Value]bool{})
	})
}

// walk calls every accessor of a graph's values.
func walk(v pickle.Value, depth int, met map[pickle.Value]bool) {
	if depth > 200 {
		return
	}
	each := func(items []pickle.Value) {
		for _, item := range items {
			walk(item, depth+1, met)
		}
	}
	switch v := v.(type) {
	case *pickle.List:
		if !met[v] {
			met[v] = true
			each(v.Items)
		}
	case *pickle.Tuple:
		if !met[v] {
			met[v] = true
			each(v.Items)
		}
	case *pickle.Dict:
		if !met[v] {
			met[v] = true
			each(v.Keys)
			each(v.Values)
			v.Get("x")
		}
	case *pickle.Object:
		if !met[v] {
			met[v] = true
			v.Attr("x")
			each(v.Args)
			each(v.Items)
			walk(v.State, depth+1, met)
		}
	case *pickle.Array:
		if !met[v] {
			met[v] = true
			array(v)
			each(v.Items)
		}
	default:
		pickle.Float(v)
		pickle.Int(v)
	}
}

func array(v *pickle.Array) {
	_, _ = v.Floats()
	_, _ = v.Ints()
	_, _ = v.Values()
	pickle.Float(v)
	for _, f := range v.Type.Fields {
		if part, ok := v.Field(f.Name); ok {
			_, _ = part.Values()
		}
	}
}
