// Package rules holds the rules of validation that several kinds of serving.kserve.io share. Each error's detail gives the rule, then
// after a semicolon what to do.
package rules

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/nearest"
)

// OneOf holds that a field has one of its values, and names the nearest if it has not.
func OneOf[T ~string](path *field.Path, value T, allowed ...T) field.ErrorList {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		if a == value {
			return nil
		}
		names[i] = string(a)
	}
	remedy := "use " + Alternatives(names)
	if near := nearest.Name(string(value), names); near != "" && len(value) > mistypable {
		remedy = "did you mean " + near + "? " + strings.ToUpper(remedy[:1]) + remedy[1:]
	}
	return field.ErrorList{field.Invalid(path, string(value), "not one of the values that this field has; "+remedy)}
}

// mistypable is a length up to which a word is near to every other, so that none is more likely meant.
const mistypable = 3

// UnsetOrOneOf is OneOf for a field that may be left out.
func UnsetOrOneOf[T ~string](path *field.Path, value T, allowed ...T) field.ErrorList {
	if value == "" {
		return nil
	}
	return OneOf(path, value, allowed...)
}

// Alternatives joins names for a sentence: a, b or c.
func Alternatives(names []string) string { return Enumerate(names, "or") }

// Enumerate joins names for a sentence, with the given word before the last.
func Enumerate(names []string, last string) string {
	n := len(names) - 1
	if n == 0 {
		return names[0]
	}
	return strings.Join(names[:n], ", ") + " " + last + " " + names[n]
}

// AtLeast holds that a number that is set is not below another.
func AtLeast[N ~int | ~int32 | ~int64](path *field.Path, n *N, least N) field.ErrorList {
	if n == nil || *n >= least {
		return nil
	}
	return field.ErrorList{field.Invalid(path, *n, fmt.Sprintf("below %d; use %d or more", least, least))}
}

// NotNegative holds that a number is not below zero.
func NotNegative(path *field.Path, n int64) field.ErrorList {
	if n >= 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, n, "below zero; use 0 or more")}
}

// Percent holds that a number is from 0 to 100.
func Percent(path *field.Path, n int64) field.ErrorList {
	if n >= 0 && n <= 100 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, n, "not a percentage; use 0 to 100")}
}
