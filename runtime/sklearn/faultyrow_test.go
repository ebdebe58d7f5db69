package sklearn_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// TestARefusalNamesItsRow is what keeps one request's bad row from its batch's other requests at once.
func TestARefusalNamesItsRow(t *testing.T) {
	t.Parallel()
	numbers := &tabular.Frame{Rows: 3, Numbers: &tabular.Matrix{Rows: 3, Cols: 5, F64: make([]float64, 15)}}
	numbers.Numbers.F64[11] = math.NaN()
	colors := &tabular.Frame{Rows: 3, Columns: []tabular.Column{{Name: "color", Texts: []string{"red", "red", "mauve"}}, {Name: "city", Texts: []string{"Rome", "Rome", "Rome"}}}}
	for name, frame := range map[string]*tabular.Frame{"reg-linear": numbers, "enc-onehot": colors} {
		e, _ := open(t, name)
		_, err := e.Compute(t.Context(), frame, []int{0})
		var refused *model.InvalidInputError
		if !errors.As(err, &refused) || !slices.Equal(refused.Rows, []int{2}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
