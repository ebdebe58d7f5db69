package onnx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/onnx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t testing.TB) *onnx.Runtime {
	t.Helper()
	runtime, err := onnx.Start(onnx.Options{Threads: 1})
	if err != nil {
		t.Fatalf("%v\n(these tests need onnxruntime: run `make deps`)", err)
	}
	t.Cleanup(func() {
		if err := runtime.Close(); err != nil {
			t.Error(err)
		}
	})
	return runtime
}

func open(t testing.TB, runtime *onnx.Runtime, name string) model.Predictor {
	t.Helper()
	predictor, err := runtime.Opener(filepath.Join("testdata", name+".onnx"))(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := predictor.Close(); err != nil {
			t.Error(err)
		}
	})
	return predictor
}

func f32(name string, shape []int64, data ...float32) oip.Tensor {
	return oip.NewTensor(name, oip.FP32, shape, data)
}

func text(name string, shape []int64, data ...string) oip.Tensor {
	return oip.Tensor{Name: name, Datatype: oip.Bytes, Shape: shape, Strings: data}
}

func TestModelsOfEveryKindAnswer(t *testing.T) {
	t.Parallel()
	runtime := start(t)
	tests := []struct {
		model     string
		signature string
		inputs    []oip.Tensor
		want      []oip.Tensor
	}{
		{"add", "a FP32 [2,2], b FP32 [2,2] -> sum FP32 [2,2]",
			[]oip.Tensor{f32("a", []int64{2, 2}, 1, 2, 3, 4), f32("b", []int64{2, 2}, 10, 20, 30, 40)},
			[]oip.Tensor{f32("sum", []int64{2, 2}, 11, 22, 33, 44)}},
		{"matmul", "x FP32 [-1,3] -> y FP32 [-1,2]",
			[]oip.Tensor{f32("x", []int64{2, 3}, 1, 0, 0, 0, 1, 1)},
			[]oip.Tensor{f32("y", []int64{2, 2}, 1, 2, 8, 10)}},
		{"matmul", "x FP32 [-1,3] -> y FP32 [-1,2]", []oip.Tensor{f32("x", []int64{0, 3})}, []oip.Tensor{f32("y", []int64{0, 2})}},
		{"scalar", "x FP32 [] -> y FP32 []", []oip.Tensor{f32("x", []int64{}, 41)}, []oip.Tensor{f32("y", []int64{}, 42)}},
		{"anyrank", "x FP32 any -> y FP32 any", []oip.Tensor{f32("x", []int64{1, 2, 1}, 3, 4)}, []oip.Tensor{f32("y", []int64{1, 2, 1}, 3, 4)}},
		{"anyrank", "x FP32 any -> y FP32 any", []oip.Tensor{f32("x", []int64{}, 3)}, []oip.Tensor{f32("y", []int64{}, 3)}},
		{"half", "x FP16 [-1,-1] -> y FP16 [-1,-1]",
			[]oip.Tensor{oip.NewTensor("x", oip.FP16, []int64{1, 3}, []uint16{0x3c00, 0xc000, 0x7c00})},
			[]oip.Tensor{oip.NewTensor("y", oip.FP16, []int64{1, 3}, []uint16{0x3c00, 0xc000, 0x7c00})}},
		{"strings", "x BYTES [-1,-1] -> y BYTES [-1,-1]",
			[]oip.Tensor{text("x", []int64{2, 2}, "a", "", "zero\x00inside", "\xff\xfe")},
			[]oip.Tensor{text("y", []int64{2, 2}, "a", "", "zero\x00inside", "\xff\xfe")}},
		{"strings", "x BYTES [-1,-1] -> y BYTES [-1,-1]", []oip.Tensor{text("x", []int64{1, 1}, "")}, []oip.Tensor{text("y", []int64{1, 1}, "")}},
		{"multi", "values FP32 [-1,3], limit FP32 [-1], name BYTES [-1] -> total FP32 [-1], over BOOL [-1], echo BYTES [-1]",
			[]oip.Tensor{f32("values", []int64{2, 3}, 1, 2, 3, 4, 5, 6), f32("limit", []int64{2}, 10, 10), text("name", []int64{2}, "p", "q")},
			[]oip.Tensor{f32("total", []int64{2}, 6, 15), oip.NewTensor("over", oip.Bool, []int64{2}, []bool{false, true}), text("echo", []int64{2}, "p", "q")}},
		{"sequence", "x FP32 [-1] -> pieces FP32 [-1,2]", []oip.Tensor{f32("x", []int64{4}, 1, 2, 3, 4)}, []oip.Tensor{f32("pieces", []int64{2, 2}, 1, 2, 3, 4)}},
	}
	for _, test := range tests {
		predictor := open(t, runtime, test.model)
		if got := describe(predictor.Signature()); got != test.signature {
			t.Errorf("%s: signature %s, want %s", test.model, got, test.signature)
		}
		got, err := predictor.Predict(t.Context(), test.inputs)
		if err != nil {
			t.Errorf("%s: %v", test.model, err)
			continue
		}
		if diff := cmp.Diff(test.want, got, cmp.Transformer("empty", func(b []byte) string { return string(b) })); diff != "" {
			t.Errorf("%s:\n%s", test.model, diff)
		}
	}
}

func describe(s model.Signature) string {
	list := func(specs []oip.TensorSpec) string {
		var parts []string
		for _, spec := range specs {
			shape := oip.ShapeString(spec.Shape)
			if spec.AnyRank {
				shape = "any"
			}
			parts = append(parts, fmt.Sprintf("%s %s %s", spec.Name, spec.Datatype, shape))
		}
		return strings.Join(parts, ", ")
	}
	return list(s.Inputs) + " -> " + list(s.Outputs)
}

func TestEveryDatatypePassesThrough(t *testing.T) {
	t.Parallel()
	predictor := open(t, start(t), "datatypes")
	inputs := make([]oip.Tensor, len(oip.Datatypes()))
	for i, spec := range predictor.Signature().Inputs {
		inputs[i] = oip.Tensor{Name: spec.Name, Datatype: spec.Datatype, Shape: []int64{3}}
		if spec.Datatype == oip.Bytes {
			inputs[i].Strings = []string{"a", "bc", ""}
			continue
		}
		inputs[i].Data = oip.Allocate(3, spec.Datatype.Size())
		for k := range inputs[i].Data {
			inputs[i].Data[k] = byte(k % 2)
		}
	}
	outputs, err := predictor.Predict(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range outputs {
		if got.Datatype != inputs[i].Datatype || got.Datatype != oip.Datatypes()[i] || !bytes.Equal(got.Data, inputs[i].Data) || !cmp.Equal(got.Strings, inputs[i].Strings) {
			t.Errorf("%v came back as %v", inputs[i], got)
		}
	}
}

func TestAClassifierGivesTheSameWithAndWithoutZipMap(t *testing.T) {
	t.Parallel()
	runtime := start(t)
	zipped, plain := open(t, runtime, "iris-zipmap"), open(t, runtime, "iris")
	if got, want := describe(zipped.Signature()), "X FP32 [-1,4] -> output_label INT64 [-1], output_probability FP32 [-1,-1]"; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	flowers := []oip.Tensor{f32("X", []int64{2, 4}, 5.1, 3.5, 1.4, 0.2, 6.7, 3, 5.2, 2.3)}
	fromMaps, err := zipped.Predict(t.Context(), flowers)
	if err != nil {
		t.Fatal(err)
	}
	want, err := plain.Predict(t.Context(), flowers)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{0, 2}, oip.Elements[int64](fromMaps[0])); diff != "" {
		t.Error(diff)
	}
	if !cmp.Equal(fromMaps[1].Shape, []int64{2, 3}) || fromMaps[1].Parameters[onnx.ParamKeys] != "0,1,2" {
		t.Errorf("probabilities %v", fromMaps[1])
	}
	for i, p := range oip.Elements[float32](want[1]) {
		if got := oip.Elements[float32](fromMaps[1])[i]; math.Abs(float64(got-p)) > 1e-6 {
			t.Errorf("probability %d: %v with ZipMap, %v without", i, got, p)
		}
	}
}

func TestWhatCanNotBeServedSaysSo(t *testing.T) {
	t.Parallel()
	runtime := start(t)
	cut := filepath.Join(t.TempDir(), "cut.onnx")
	whole, err := os.ReadFile("testdata/iris.onnx")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"testdata/float8.onnx": `output "y" is a tensor of float8e4m3fn, which the inference protocols can't carry: cast it to another type`,
		cut:                    "it is no ONNX model, or it is cut off",
		"testdata/none.onnx":   "onnxruntime can't load testdata/none.onnx",
	} {
		if _, err := runtime.Opener(path)(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
	// A sequence whose last piece is shorter is no tensor.
	_, err = open(t, runtime, "sequence").Predict(t.Context(), []oip.Tensor{f32("x", []int64{3}, 1, 2, 3)})
	if err == nil || !strings.Contains(err.Error(), `output "pieces" is a sequence whose items 0 and 1 differ in shape or keys ([2] and [1])`) {
		t.Error(err)
	}
}

func TestInputsThatTheModelRefusesAreTheClientsFault(t *testing.T) {
	t.Parallel()
	predictor := open(t, start(t), "multi")
	// Both fit the signature, whose first dimensions are free, and not each other.
	inputs := []oip.Tensor{f32("values", []int64{2, 3}, 1, 2, 3, 4, 5, 6), f32("limit", []int64{3}, 1, 2, 3), text("name", []int64{1}, "p")}
	_, err := predictor.Predict(t.Context(), inputs)
	var invalid *model.InvalidInputError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "the model can't compute these inputs: ") {
		t.Errorf("%T %v", err, err)
	}
}

func TestACancelledRequestStopsTheModel(t *testing.T) {
	t.Parallel()
	predictor := open(t, start(t), "slow")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := predictor.Predict(ctx, []oip.Tensor{oip.NewTensor("turns", oip.Int64, []int64{}, []int64{math.MaxInt64})})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// A server answers for months: what a request allocates in C must go with it.
func TestRequestsLeaveNoMemoryBehind(t *testing.T) {
	runtime := start(t)
	names := []string{"multi", "iris-zipmap", "sequence", "strings"}
	inputs := map[string][]oip.Tensor{
		"multi":       {f32("values", []int64{1, 3}, 1, 2, 3), f32("limit", []int64{1}, 1), text("name", []int64{1}, strings.Repeat("n", 1000))},
		"iris-zipmap": {f32("X", []int64{32, 4}, make([]float32, 128)...)},
		"sequence":    {f32("x", []int64{64}, make([]float32, 64)...)},
		"strings":     {text("x", []int64{1, 2}, strings.Repeat("a", 4000), "b")},
	}
	var predictors []model.Predictor
	for _, name := range names {
		predictors = append(predictors, open(t, runtime, name))
	}
	refused := []oip.Tensor{f32("x", []int64{3}, 1, 2, 3)}
	round := func(times int) {
		var workers sync.WaitGroup
		for range 4 {
			workers.Go(func() {
				for range times {
					for i, name := range names {
						if _, err := predictors[i].Predict(t.Context(), inputs[name]); err != nil {
							t.Error(err)
							return
						}
					}
					if _, err := predictors[2].Predict(t.Context(), refused); err == nil {
						t.Error("a ragged sequence was answered")
					}
				}
			})
		}
		workers.Wait()
	}
	round(200)
	before := residentBytes(t)
	round(500)
	// 10,000 predictions that kept 1 KiB each would show as 10 MiB.
	if grown := residentBytes(t) - before; grown > 8<<20 {
		t.Errorf("10,000 predictions left %d KiB behind", grown>>10)
	}
}

func residentBytes(t *testing.T) int64 {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

func TestAMissingLibrarySaysWhereItWasLookedForAndWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := onnx.Start(onnx.Options{Library: "/nowhere/libonnxruntime.so"})
	var missing *onnx.NotFoundError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "looked at /nowhere/libonnxruntime.so") || !strings.Contains(err.Error(), "make deps") {
		t.Error(err)
	}
	broken := filepath.Join(t.TempDir(), "libonnxruntime.so")
	if err := os.WriteFile(broken, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := onnx.Start(onnx.Options{Library: broken}); !errors.As(err, &missing) || !strings.Contains(err.Error(), broken+" can't be used as onnxruntime") {
		t.Error(err)
	}
}

func BenchmarkIris(b *testing.B) {
	predictor := open(b, start(b), "iris")
	inputs := []oip.Tensor{f32("X", []int64{1, 4}, 5.1, 3.5, 1.4, 0.2)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := predictor.Predict(b.Context(), inputs); err != nil {
			b.Fatal(err)
		}
	}
}
