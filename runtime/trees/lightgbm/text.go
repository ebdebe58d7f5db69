package lightgbm

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// section is a part of a file: lines of KEY=VALUE up to an empty one.
type section map[string]string

// unread are members that say nothing of predictions, and are not kept: they are half of a model.
func unread(key string) bool {
	switch key {
	case "split_gain", "internal_value", "internal_weight", "internal_count", "leaf_weight", "leaf_count", "tree_sizes":
		return true
	}
	return false
}

// lines goes through a file.
type lines struct {
	rest   []byte
	number int // of the line read last
}

// next gives the next line without its end, and false behind the last.
func (l *lines) next() (string, bool) {
	if len(l.rest) == 0 {
		return "", false
	}
	line, rest, _ := bytes.Cut(l.rest, []byte("\n"))
	l.rest = rest
	l.number++
	return string(bytes.TrimSuffix(line, []byte("\r"))), true
}

// section reads lines up to an empty one, or up to the file's end.
func (l *lines) section() section {
	s := section{}
	for {
		line, ok := l.next()
		if !ok || line == "" {
			return s
		}
		if key, value, _ := strings.Cut(line, "="); !unread(key) {
			s[key] = value
		}
	}
}

var errMissing = errors.New("it isn't there")

// whole gives a whole number.
func (s section) whole(key string) (int, error) {
	text, ok := s[key]
	if !ok {
		return 0, fmt.Errorf("%s: %w", key, errMissing)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s: %.40q is no whole number", key, text)
	}
	return int(n), nil
}

// wholes gives count whole numbers of up to 32 bits.
func (s section) wholes(key string, count int) ([]int, error) {
	fields, err := s.fields(key, count)
	if err != nil {
		return nil, err
	}
	numbers := make([]int, count)
	for i, field := range fields {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil || n < math.MinInt32 || n > math.MaxUint32 {
			return nil, fmt.Errorf("%s: %.40q is no whole number of 32 bits", key, field)
		}
		numbers[i] = int(n)
	}
	return numbers, nil
}

// numbers gives count numbers.
func (s section) numbers(key string, count int) ([]float64, error) {
	fields, err := s.fields(key, count)
	if err != nil {
		return nil, err
	}
	numbers := make([]float64, count)
	for i, field := range fields {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return nil, fmt.Errorf("%s: %.40q is no number", key, field)
		}
		numbers[i] = n
	}
	return numbers, nil
}

func (s section) fields(key string, count int) ([]string, error) {
	text, ok := s[key]
	if !ok && count > 0 {
		return nil, fmt.Errorf("%s: %w", key, errMissing)
	}
	fields := strings.Fields(text)
	if len(fields) != count {
		return nil, fmt.Errorf("%s: %d elements; there have to be %d", key, len(fields), count)
	}
	return fields, nil
}
