package xgboost

import (
	"fmt"
	"math"

	"github.com/sluice-serving/sluice/runtime/trees/categories"
)

// readCategories reads the categories that models have since 3.1: texts, or whole numbers.
func (m *booster) readCategories(o object) error {
	cats, ok := o["cats"].(object)
	if !ok {
		return nil
	}
	features, err := cats.list("enc")
	if err != nil {
		return err
	}
	m.categories = make([][]any, len(features))
	for i, item := range features {
		feature, ok := item.(object)
		switch {
		case !ok:
			continue
		case feature["offsets"] != nil:
			m.categories[i], err = readTexts(feature)
		default:
			m.categories[i], err = readNumbers(feature)
		}
		if err != nil {
			return fmt.Errorf("categories of feature %d: %w", i, err)
		}
	}
	return nil
}

// readTexts reads texts that stand behind each other, with the offsets where they start and the last ends.
func readTexts(feature object) ([]any, error) {
	offsets, err := feature.numbers("offsets")
	if err != nil {
		return nil, err
	}
	values, err := feature.numbers("values")
	if err != nil {
		return nil, err
	}
	bytes := make([]byte, len(values))
	for i, v := range values {
		if v != math.Trunc(v) || v < -128 || v > 255 {
			return nil, fmt.Errorf("%v is no byte", v)
		}
		bytes[i] = byte(int(v))
	}
	var labels []any
	for i := 1; i < len(offsets); i++ {
		from, to := offsets[i-1], offsets[i]
		if !(from >= 0 && from <= to && to <= float64(len(bytes))) {
			return nil, fmt.Errorf("a text from byte %v to %v of %d", from, to, len(bytes))
		}
		labels = append(labels, string(bytes[int(from):int(to)]))
	}
	return labels, nil
}

// readNumbers reads whole numbers, the only ones that XGBoost takes for categories.
func readNumbers(feature object) ([]any, error) {
	values, err := feature.numbers("values")
	if err != nil {
		return nil, err
	}
	var numbers []any
	for _, v := range values {
		if err := categories.Whole(v); err != nil {
			return nil, err
		}
		numbers = append(numbers, v)
	}
	return numbers, nil
}
