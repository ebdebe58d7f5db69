package rules

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestOneOfNamesTheNearest(t *testing.T) {
	t.Parallel()
	at := field.NewPath("spec", "mode")
	for value, want := range map[string]string{
		"Standard": "",
		"standart": "did you mean Standard? Use Standard or Knative",
		"abc":      "not one of the values that this field has; use Standard or Knative",
	} {
		got := OneOf(at, value, "Standard", "Knative").ToAggregate()
		if want == "" && got != nil || want != "" && (got == nil || !strings.Contains(got.Error(), want)) {
			t.Errorf("%q: %v", value, got)
		}
	}
	if errs := UnsetOrOneOf(at, "", "Standard"); len(errs) > 0 {
		t.Error(errs)
	}
}

func TestNumbersAreHeldAgainstTheirBounds(t *testing.T) {
	t.Parallel()
	at := field.NewPath("n")
	for what, c := range map[string]struct {
		errs    field.ErrorList
		refused bool
	}{
		"unset":        {AtLeast[int32](at, nil, 1), false},
		"at the bound": {AtLeast(at, new(int32(1)), 1), false},
		"below it":     {AtLeast(at, new(int32(0)), 1), true},
		"zero":         {NotNegative(at, 0), false},
		"negative":     {NotNegative(at, -1), true},
		"percent":      {Percent(at, 100), false},
		"too much":     {Percent(at, 101), true},
	} {
		if refused := len(c.errs) > 0; refused != c.refused {
			t.Errorf("%s: %v", what, c.errs)
		}
	}
}
