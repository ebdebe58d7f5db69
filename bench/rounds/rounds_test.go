package rounds

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestRotateAlternatesWhoBegins(t *testing.T) {
	t.Parallel()
	var order []string
	contender := func(name string) Measure[int] {
		return func(_ context.Context, round int) (int, error) {
			order = append(order, name)
			return 10*round + len(name), nil
		}
	}
	got, err := Rotate(t.Context(), 3, contender("a"), contender("bb"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "bb", "bb", "a", "a", "bb"}; !cmp.Equal(order, want) {
		t.Errorf("measured in the order %v, want %v", order, want)
	}
	if want := [][]int{{1, 11, 21}, {2, 12, 22}}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRotateEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	calls := 0
	_, err := Rotate(t.Context(), 5, func(context.Context, int) (int, error) {
		calls++
		return 0, gone
	})
	if !errors.Is(err, gone) || calls != 1 || !strings.Contains(err.Error(), "round 1") {
		t.Errorf("%v after %d calls, want %v of round 1 after one", err, calls, gone)
	}
}

func TestCompareIsAboveOneWhereOursIsBetter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		better     Better
		ours, peer []float64
		want       Comparison
	}{
		"faster rate":    {More, []float64{200, 300, 220}, []float64{100, 100, 110}, Comparison{220, 100, 2, 2, 3}},
		"shorter time":   {Less, []float64{1, 2, 4}, []float64{4, 4, 4}, Comparison{2, 4, 2, 1, 4}},
		"slower rate":    {More, []float64{90, 80}, []float64{100, 100}, Comparison{85, 100, 0.85, 0.8, 0.9}},
		"longer time":    {Less, []float64{10}, []float64{5}, Comparison{10, 5, 0.5, 0.5, 0.5}},
		"of its rounds":  {More, []float64{10, 100, 1000}, []float64{10, 100, 1000}, Comparison{100, 100, 1, 1, 1}},
		"not of medians": {More, []float64{1, 10, 100}, []float64{10, 1, 100}, Comparison{10, 10, 1, 0.1, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Compare(test.better, test.ours, test.peer)
			if err != nil || !cmp.Equal(got, test.want, cmpopts.EquateApprox(1e-12, 0)) {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestCompareRefusesWhatHasNoRatio(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ ours, peer []float64 }{
		"nothing":      {nil, nil},
		"peer missing": {[]float64{1, 2}, []float64{1}},
		"zero":         {[]float64{1}, []float64{0}},
		"negative":     {[]float64{-1}, []float64{1}},
	} {
		if got, err := Compare(More, test.ours, test.peer); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}

func TestQuantileIsAMeasuredValue(t *testing.T) {
	t.Parallel()
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[len(hundred)-1-i] = float64(i + 1)
	}
	for _, test := range []struct{ q, want float64 }{{0, 1}, {0.5, 50}, {0.99, 99}, {0.995, 100}, {1, 100}} {
		if got := Quantile(hundred, test.q); got != test.want {
			t.Errorf("quantile %g of 1…100: %g, want %g", test.q, got, test.want)
		}
	}
	if got := Quantile([]float64{7}, 0.99); got != 7 {
		t.Errorf("of one value: %g", got)
	}
	if got := Median([]float64{3, 1, 2, 10}); math.Abs(got-2.5) > 1e-12 {
		t.Errorf("median of an even number: %g, want 2.5", got)
	}
}
