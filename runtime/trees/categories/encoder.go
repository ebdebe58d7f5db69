package categories

import (
	"fmt"
	"math"
	"strconv"

	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// Unseen is what becomes of a value that is none of a feature's categories.
type Unseen int

// What libraries do.
const (
	Missing Unseen = iota // it counts as a missing value: LightGBM
	Refused               // it is the client's error: XGBoost, which 3.2 finds only for texts and for numbers above all categories
)

// Encoder gives a model's rows as numbers. As in the libraries, the columns of a data frame have values, and a matrix has codes.
type Encoder struct {
	features []tabular.Feature
	columns  []column // nil if no feature has categories
	unseen   Unseen
	// matrixOnly says why there is no telling what the values of a data frame are; "": there is.
	matrixOnly string
}

// New describes features: by name, "" where the model knows none, and by the categories of each in the order of their codes, nil
// where it has none. Categories are string, float64 or bool; there may be fewer lists than features.
func New(names []string, categories [][]any, unseen Unseen) (*Encoder, error) {
	e := &Encoder{features: make([]tabular.Feature, len(names)), unseen: unseen}
	for i, name := range names {
		e.features[i].Name = name
		if i >= len(categories) || len(categories[i]) == 0 {
			continue
		}
		c, err := columnOf(categories[i])
		if err != nil {
			return nil, fmt.Errorf("feature %s: %w", e.nameOf(i), err)
		}
		if e.columns == nil {
			e.columns = make([]column, len(names))
		}
		e.columns[i], e.features[i].Kind = c, c.kind()
	}
	return e, nil
}

// OfMatrix describes features that take codes in a matrix alone; reason says why.
func OfMatrix(names []string, reason string) *Encoder {
	e := &Encoder{features: make([]tabular.Feature, len(names)), matrixOnly: reason}
	for i, name := range names {
		e.features[i] = tabular.Feature{Name: name, Kind: tabular.AnyCategory}
	}
	return e
}

// Features are the model's, with the kinds that their categories make them.
func (e *Encoder) Features() []tabular.Feature { return e.features }

// Matrix gives a frame's rows, values of categories as their codes; in place where it is one of numbers already.
func (e *Encoder) Matrix(frame *tabular.Frame) (tabular.Matrix, error) {
	if frame.Numbers != nil {
		return *frame.Numbers, nil
	}
	if e.matrixOnly != "" {
		return tabular.Matrix{}, &model.InvalidInputError{Problem: e.matrixOnly + "; send the categories' codes in one tensor [rows,features]"}
	}
	m := tabular.Matrix{Rows: frame.Rows, Cols: len(frame.Columns), F64: make([]float64, frame.Rows*len(frame.Columns))}
	for i := range frame.Columns {
		for row := range frame.Rows {
			var err error
			if m.F64[row*m.Cols+i], err = e.value(i, &frame.Columns[i], row); err != nil {
				return m, err
			}
		}
	}
	return m, nil
}

// value is what the model computes with for one value of a frame's column.
func (e *Encoder) value(feature int, given *tabular.Column, row int) (float64, error) {
	var c column
	if e.columns != nil {
		c = e.columns[feature]
	}
	if given.Texts == nil {
		return e.number(feature, c, given.Numbers[row], row)
	}
	if given.Missing != nil && given.Missing[row] {
		return math.NaN(), nil
	}
	text := given.Texts[row]
	switch code, known := c.texts[text]; {
	case known:
		return code, nil
	case c.size() == 0:
		return 0, e.invalid(row, "feature %s is %q; the model takes numbers there", e.nameOf(feature), text)
	case len(c.texts) == 0:
		return 0, e.invalid(row, "feature %s is the text %q; its categories are numbers", e.nameOf(feature), text)
	}
	return e.unknown(feature, c, strconv.Quote(text), row)
}

func (e *Encoder) number(feature int, c column, v float64, row int) (float64, error) {
	if v != v || c.size() == 0 {
		return v, nil
	}
	switch code, known := c.numbers[v]; {
	case known:
		return code, nil
	case len(c.numbers) == 0:
		return 0, e.invalid(row, "feature %s is the number %v; its categories are texts (codes are taken in one tensor [rows,features] alone)", e.nameOf(feature), v)
	}
	return e.unknown(feature, c, strconv.FormatFloat(v, 'g', -1, 64), row)
}

// unknown is the value of one that is none of the categories.
func (e *Encoder) unknown(feature int, c column, value string, row int) (float64, error) {
	if e.unseen == Missing {
		return math.NaN(), nil
	}
	return 0, e.invalid(row, "%s is none of the %d categories of feature %s that the model was trained with", value, c.size(), e.nameOf(feature))
}

func (e *Encoder) invalid(row int, format string, arguments ...any) error {
	return &model.InvalidInputError{Problem: fmt.Sprintf("row %d: ", row) + fmt.Sprintf(format, arguments...), Rows: []int{row}}
}

func (e *Encoder) nameOf(feature int) string {
	if name := e.features[feature].Name; name != "" {
		return strconv.Quote(name)
	}
	return strconv.Itoa(feature)
}
