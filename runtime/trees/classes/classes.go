// Package classes turns the numbers of classes into the labels that a classifier was trained with.
package classes

import (
	"fmt"
	"slices"

	"github.com/sluice-serving/sluice/api/oip"
)

// Labels are a classifier's classes.
type Labels struct {
	// Datatype is the labels'.
	Datatype oip.Datatype
	tensor   func(numbers []int) oip.Tensor
}

// Of gives the labels of count classes, in the order of their numbers: []int64, []float64, []bool or []string; nil: their
// numbers themselves.
func Of(labels any, count int) (Labels, error) {
	switch of := labels.(type) {
	case nil:
		numbers := make([]int64, count)
		for i := range numbers {
			numbers[i] = int64(i)
		}
		return numeric(numbers, count, oip.Int64)
	case []int64:
		return numeric(of, count, oip.Int64)
	case []float64:
		return numeric(of, count, oip.FP64)
	case []bool:
		return numeric(of, count, oip.Bool)
	case []string:
		of = slices.Clone(of)
		return Labels{Datatype: oip.Bytes, tensor: func(numbers []int) oip.Tensor {
			return oip.Tensor{Datatype: oip.Bytes, Shape: []int64{int64(len(numbers))}, Strings: pick(of, numbers)}
		}}, fits(len(of), count)
	default:
		return Labels{}, fmt.Errorf("labels of type %T; they are whole numbers, numbers, booleans or texts", labels)
	}
}

// Tensor is a vector of the labels of classes.
func (l Labels) Tensor(numbers []int) oip.Tensor { return l.tensor(numbers) }

func numeric[T oip.Element](of []T, count int, datatype oip.Datatype) (Labels, error) {
	of = slices.Clone(of)
	return Labels{Datatype: datatype, tensor: func(numbers []int) oip.Tensor {
		return oip.NewTensor("", datatype, []int64{int64(len(numbers))}, pick(of, numbers))
	}}, fits(len(of), count)
}

func fits(labels, count int) error {
	if labels != count {
		return fmt.Errorf("%d labels for %d classes", labels, count)
	}
	return nil
}

func pick[T any](of []T, numbers []int) []T {
	picked := make([]T, len(numbers))
	for i, number := range numbers {
		picked[i] = of[number]
	}
	return picked
}
