// Package categories turns the values of a data frame's columns of categories into the codes that boosters were trained with.
package categories

import (
	"fmt"
	"math"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// column is one feature's categories: the codes of texts and of numbers. Neither has any where the feature has no categories.
type column struct {
	texts   map[string]float64
	numbers map[float64]float64
}

// mostExact is up to where float64, in which requests are read, tells whole numbers apart.
const mostExact = 1 << 53

// Whole says whether a category that is a whole number can be told from others.
func Whole(v float64) error {
	if math.Abs(v) >= mostExact {
		return fmt.Errorf("category %.0f: whole numbers from 2^53 on can't be told apart here; train with smaller ones, or with texts", v)
	}
	return nil
}

// columnOf reads values in the order of their codes: string, float64 or bool, which is the number 0 or 1.
func columnOf(values []any) (column, error) {
	c := column{texts: map[string]float64{}, numbers: map[float64]float64{}}
	for code, value := range values {
		switch v := value.(type) {
		case string:
			c.texts[v] = float64(code)
		case float64:
			c.numbers[v] = float64(code)
		case bool:
			number := 0.0
			if v {
				number = 1
			}
			c.numbers[number] = float64(code)
		default:
			return c, fmt.Errorf("category %v is no text and no number", value)
		}
	}
	if len(c.texts)+len(c.numbers) != len(values) {
		return c, fmt.Errorf("two of its %d categories are the same", len(values))
	}
	return c, nil
}

func (c column) size() int { return len(c.texts) + len(c.numbers) }

// kind is what values a feature takes.
func (c column) kind() tabular.Kind {
	switch {
	case c.size() == 0:
		return tabular.Number
	case len(c.texts) == 0:
		return tabular.Category
	default:
		return tabular.AnyCategory
	}
}
