package lightgbm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/runtime/trees/categories"
)

// readRest reads what stands behind the trees: of the parameters the features that were categories, and the last line of a model
// of a data frame, the categories of each of its columns of categories.
func (b *booster) readRest(l *lines) error {
	const mark, parameter = "pandas_categorical:", "[categorical_feature: "
	for {
		line, ok := l.next()
		if !ok {
			return nil
		}
		if text, found := strings.CutPrefix(line, parameter); found {
			b.declared = numbersIn(strings.TrimSuffix(text, "]"), len(b.names))
		}
		if text, found := strings.CutPrefix(line, mark); found {
			if err := b.readPandas(text); err != nil {
				return fmt.Errorf("line %d: what stands behind %q: %w", l.number, mark, err)
			}
			return nil
		}
	}
}

// numbersIn reads the numbers of features, in ascending order; nil where one is none.
func numbersIn(list string, features int) []int {
	var numbers []int
	for item := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(item)
		if err != nil || n < 0 || n >= features {
			return nil
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

func (b *booster) readPandas(text string) error {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&b.pandas); err != nil {
		return err
	}
	for _, column := range b.pandas {
		for i, category := range column {
			number, ok := category.(json.Number)
			if !ok {
				continue
			}
			v, err := number.Float64()
			if err != nil {
				return err
			}
			if !strings.ContainsAny(number.String(), ".eE") {
				if err := categories.Whole(v); err != nil {
					return err
				}
			}
			column[i] = v
		}
	}
	return nil
}

// encoder reads rows as LightGBM does those of a data frame.
func (b *booster) encoder() (*categories.Encoder, error) {
	columns := make([][]any, len(b.names))
	features := b.categorical()
	if features == nil && slices.ContainsFunc(b.pandas, func(values []any) bool { return !areCodes(values) }) {
		return categories.OfMatrix(b.names, "the model was trained on a data frame with columns of categories, and its file doesn't say which they were"), nil
	}
	for i, feature := range features {
		columns[feature] = b.pandas[i]
	}
	return categories.New(b.names, columns, categories.Missing)
}

// areCodes says whether values stand for themselves.
func areCodes(values []any) bool {
	for code, value := range values {
		if v, ok := value.(float64); (!ok || v != float64(code)) && value != (code == 1) {
			return false
		}
	}
	return true
}

// categorical gives the feature of each of the data frame's columns of categories. The file doesn't say which they were: they are
// those that the parameters list, or whose infos list categories, or, if that is too few, also those that had but one value or,
// as ordered categories have, a range of codes. It gives nil if they can't be told.
func (b *booster) categorical() []int {
	count := len(b.pandas)
	if count == 0 {
		return nil
	}
	var listed, possible, ordered []int
	for i, info := range b.infos {
		_, err := strconv.Atoi(strings.Split(info, ":")[0])
		switch {
		case err == nil:
			listed, possible, ordered = append(listed, i), append(possible, i), append(ordered, i)
		case info == "none":
			possible, ordered = append(possible, i), append(ordered, i)
		case isRangeOfCodes(info):
			ordered = append(ordered, i)
		}
	}
	for _, features := range [][]int{b.declared, listed, possible, ordered} {
		if len(features) == count {
			return features
		}
	}
	return nil
}

// isRangeOfCodes says whether a feature's least and greatest values may be codes.
func isRangeOfCodes(info string) bool {
	least, greatest, _ := strings.Cut(strings.Trim(info, "[]"), ":")
	from, err := strconv.Atoi(least)
	if err != nil || from < 0 {
		return false
	}
	_, err = strconv.Atoi(greatest)
	return err == nil
}
