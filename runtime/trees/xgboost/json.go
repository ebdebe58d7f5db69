package xgboost

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// XGBoost writes NaN and infinities as they are, which encoding/json refuses; and an array of numbers is to take 8 bytes for
// each, not 24.

// readJSON reads a document.
func readJSON(data []byte) (object, error) {
	r := jsonReader{data: data}
	v, err := r.value(0)
	if err != nil {
		return nil, fmt.Errorf("byte %d: %w", r.at, err)
	}
	if r.space(); r.at < len(data) {
		return nil, fmt.Errorf("byte %d: more after the document's end", r.at)
	}
	document, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("it is %s, not an object", kindOf(v))
	}
	return document, nil
}

type jsonReader struct {
	data []byte
	at   int
}

var errCutOff = errors.New("it ends in the midst; it is cut off")

func (r *jsonReader) space() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\n', '\t', '\r':
			r.at++
		default:
			return
		}
	}
}

// next gives the byte after white space, without going past it; 0 at the end.
func (r *jsonReader) next() byte {
	r.space()
	if r.at == len(r.data) {
		return 0
	}
	return r.data[r.at]
}

func (r *jsonReader) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it nests deeper than %d", maxDepth)
	}
	switch c := r.next(); c {
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	case '"':
		return r.text()
	case 0:
		return nil, errCutOff
	default:
		return r.scalar()
	}
}

func (r *jsonReader) object(depth int) (any, error) {
	r.at++
	members := object{}
	for first := true; ; first = false {
		switch c := r.next(); {
		case c == '}':
			r.at++
			return members, nil
		case c == ',' && !first:
			r.at++
		case !first || c == 0:
			return nil, r.expected("a comma or }")
		}
		if r.next() != '"' {
			return nil, r.expected("a name")
		}
		key, err := r.text()
		if err != nil {
			return nil, err
		}
		if r.next() != ':' {
			return nil, r.expected("a colon")
		}
		r.at++
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if !unread(key) {
			members[key] = v
		}
	}
}

func (r *jsonReader) array(depth int) (any, error) {
	r.at++
	if c := r.next(); c != '{' && c != '[' && c != '"' {
		if numbers, ok := r.numbers(); ok {
			return numbers, nil
		}
	}
	var items []any
	for {
		if r.next() == ']' && items == nil {
			r.at++
			return []float64{}, nil
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		switch r.next() {
		case ',':
			r.at++
		case ']':
			r.at++
			return compact(items), nil
		default:
			return nil, r.expected("a comma or ]")
		}
	}
}

// numbers reads an array of numbers alone; if it is none, it leaves the reader at its first element.
func (r *jsonReader) numbers() ([]float64, bool) {
	start := r.at
	numbers := []float64{}
	for {
		if r.next() == ']' && len(numbers) == 0 {
			break
		}
		v, err := r.scalar()
		n, number := v.(float64)
		if err != nil || !number {
			r.at = start
			return nil, false
		}
		numbers = append(numbers, n)
		if c := r.next(); c == ']' {
			break
		} else if c != ',' {
			r.at = start
			return nil, false
		}
		r.at++
	}
	r.at++
	return numbers, true
}

func (r *jsonReader) text() (string, error) {
	for end := r.at + 1; end < len(r.data); end++ {
		switch r.data[end] {
		case '\\':
			end++
		case '"':
			quoted := r.data[r.at : end+1]
			r.at = end + 1
			var s string
			if err := json.Unmarshal(quoted, &s); err != nil {
				return "", fmt.Errorf("the text %.40q: %w", quoted, err)
			}
			return s, nil
		}
	}
	return "", errCutOff
}

// scalar reads a number, true, false or null.
func (r *jsonReader) scalar() (any, error) {
	r.space()
	end := r.at
	for end < len(r.data) && inScalar(r.data[end]) {
		end++
	}
	word := string(r.data[r.at:end])
	switch word {
	case "":
		return nil, r.expected("a value")
	case "true", "false":
		r.at = end
		return word == "true", nil
	case "null":
		r.at = end
		return nil, nil
	case "NaN":
		r.at = end
		return math.NaN(), nil
	}
	n, err := strconv.ParseFloat(word, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil, fmt.Errorf("%.40q is no number", word)
	}
	r.at = end
	return n, nil
}

func inScalar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

func (r *jsonReader) expected(what string) error {
	if r.at >= len(r.data) {
		return errCutOff
	}
	return fmt.Errorf("%q where %s has to be", r.data[r.at], what)
}
