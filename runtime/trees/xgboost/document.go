package xgboost

import (
	"fmt"
	"math"
	"strconv"
)

// A document is what JSON and UBJSON models have in common: object, []any, []float64 (an array of numbers alone), string,
// float64, bool or nil.
type object map[string]any

// maxDepth is how deep a document nests at most; models nest nine deep.
const maxDepth = 64

// unread are members that say nothing of predictions, and are not kept: they are half of a model.
func unread(key string) bool {
	return key == "loss_changes" || key == "sum_hessian" || key == "parents"
}

// object gives a member that has to be an object.
func (o object) object(key string) (object, error) {
	switch v := o[key].(type) {
	case object:
		return v, nil
	case nil:
		return nil, fmt.Errorf("it has no %q", key)
	default:
		return nil, fmt.Errorf("%q is %s, not an object", key, kindOf(v))
	}
}

// text gives a member that has to be a string; "" if there is none.
func (o object) text(key string) (string, error) {
	switch v := o[key].(type) {
	case string:
		return v, nil
	case nil:
		return "", nil
	default:
		return "", fmt.Errorf("%q is %s, not a string", key, kindOf(v))
	}
}

// list gives a member that has to be an array; nil if there is none.
func (o object) list(key string) ([]any, error) {
	switch v := o[key].(type) {
	case []any:
		return v, nil
	case nil:
		return nil, nil
	case []float64:
		if len(v) == 0 {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("%q is %s, not an array of objects or texts", key, kindOf(o[key]))
}

// numbers gives a member that has to be an array of numbers; nil if there is none.
func (o object) numbers(key string) ([]float64, error) {
	switch v := o[key].(type) {
	case []float64:
		return v, nil
	case nil:
		return nil, nil
	case []any:
		if len(v) == 0 {
			return nil, nil
		}
		numbers := make([]float64, len(v))
		for i, item := range v {
			switch n := item.(type) {
			case float64:
				numbers[i] = n
			case bool: // default_left in versions before 1.6
				if n {
					numbers[i] = 1
				}
			default:
				return nil, fmt.Errorf("element %d of %q is %s, not a number", i, key, kindOf(item))
			}
		}
		return numbers, nil
	default:
		return nil, fmt.Errorf("%q is %s, not an array of numbers", key, kindOf(v))
	}
}

// parameter gives a whole number that is written as text, as XGBoost writes its parameters, or as a number; otherwise if there is none.
func (o object) parameter(key string, otherwise int) (int, error) {
	switch v := o[key].(type) {
	case nil:
		return otherwise, nil
	case float64:
		return whole(v, key)
	case string:
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%q is %q, not a whole number", key, v)
		}
		return int(n), nil
	default:
		return 0, fmt.Errorf("%q is %s, not a whole number", key, kindOf(v))
	}
}

func whole(v float64, what string) (int, error) {
	if v != math.Trunc(v) || math.Abs(v) > math.MaxInt32 {
		return 0, fmt.Errorf("%q is %v, not a whole number of 32 bits", what, v)
	}
	return int(v), nil
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case object:
		return "an object"
	case []any, []float64:
		return "an array"
	case string:
		return "a string"
	case float64:
		return "a number"
	default:
		return "true or false"
	}
}

// compact turns an array whose elements are all numbers into numbers.
func compact(items []any) any {
	if len(items) == 0 {
		return []float64{}
	}
	for _, item := range items {
		if _, number := item.(float64); !number {
			return items
		}
	}
	numbers := make([]float64, len(items))
	for i, item := range items {
		numbers[i], _ = item.(float64)
	}
	return numbers
}
