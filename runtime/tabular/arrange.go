package tabular

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/sluice-serving/sluice/api/oip"
)

// Arrange makes one tensor [rows,features] of numbers, FP32 or FP64, of whatever a request has; or, where texts are among its
// values, a tensor [rows] for each feature, FP64 or BYTES. Features stand in the model's order.
func (p *predictor) Arrange(given []oip.Tensor) ([]oip.Tensor, error) {
	if len(given) == 0 {
		return nil, &oip.RequestError{Where: "inputs", Problem: "there is none; the model takes " + p.wanted()}
	}
	if p.style == MLServer {
		var err error
		if given, err = decoded(given); err != nil {
			return nil, err
		}
	}
	if len(given) == 1 && len(given[0].Shape) == 2 && (given[0].Shape[1] != 1 || !p.isFeature(given[0].Name)) {
		return p.whole(given[0])
	}
	columns, err := p.inOrder(given)
	if err != nil {
		return nil, err
	}
	return p.joined(columns, given[0].Name != "" && p.hasCategories)
}

func (p *predictor) isFeature(name string) bool {
	_, is := p.places[name]
	return is
}

// wanted says what rows the model takes.
func (p *predictor) wanted() string {
	switch {
	case p.features == nil:
		return "a tensor [rows,features]"
	case p.places != nil:
		return fmt.Sprintf("a tensor [rows,%d], or one for each of the features %s", len(p.features), p.featureList())
	default:
		return fmt.Sprintf("a tensor [rows,%d]", len(p.features))
	}
}

func (p *predictor) checkWidth(name string, width int) error {
	if width > 0 && (p.features == nil || width == len(p.features)) {
		return nil
	}
	if p.features == nil {
		return &oip.TensorError{Tensor: name, Problem: "expected at least one feature in each row, given none"}
	}
	problem := fmt.Sprintf("expected %d features in each row, given %d", len(p.features), width)
	if p.places != nil {
		problem += "; the features are " + p.featureList()
	}
	if name == "" {
		return &oip.RequestError{Problem: problem}
	}
	return &oip.TensorError{Tensor: name, Problem: problem}
}

// whole reads a tensor [rows,features].
func (p *predictor) whole(t oip.Tensor) ([]oip.Tensor, error) {
	rows, width := int(t.Shape[0]), int(t.Shape[1])
	if err := p.checkWidth(t.Name, width); err != nil {
		return nil, err
	}
	if t.Datatype == oip.Bytes {
		return p.joined(columnsOf(t, rows, width), false)
	}
	if p.hasTexts && rows > 0 {
		for i, f := range p.features {
			if f.Kind == Text {
				return nil, p.notText(i, 0, oip.AppendFloat64s(nil, t)[i])
			}
		}
	}
	switch t.Datatype {
	case oip.FP32, oip.FP64:
		return []oip.Tensor{{Datatype: t.Datatype, Shape: t.Shape, Data: t.Data}}, nil
	}
	return []oip.Tensor{oip.NewTensor("", oip.FP64, t.Shape, oip.AppendFloat64s(make([]float64, 0, rows*width), t))}, nil
}

// columnsOf takes a matrix of texts apart.
func columnsOf(t oip.Tensor, rows, width int) []oip.Tensor {
	columns := make([]oip.Tensor, width)
	for c := range columns {
		column := oip.Tensor{Datatype: oip.Bytes, Shape: []int64{int64(rows)}, Strings: make([]string, rows)}
		if t.Missing != nil {
			column.Missing = make([]bool, rows)
		}
		for r := range rows {
			column.Strings[r] = t.Strings[r*width+c]
			if t.Missing != nil {
				column.Missing[r] = t.Missing[r*width+c]
			}
		}
		columns[c] = column
	}
	return columns
}

// inOrder puts the tensors of a request, one for each feature, in the model's order. Where the model or the request has no names
// for them they stand as given.
func (p *predictor) inOrder(given []oip.Tensor) ([]oip.Tensor, error) {
	for _, t := range given {
		if err := p.checkColumn(t, given[0]); err != nil {
			return nil, err
		}
	}
	if p.places == nil || given[0].Name == "" {
		return slices.Clone(given), p.checkWidth("", len(given))
	}
	ordered := make([]oip.Tensor, len(p.features))
	for _, t := range given {
		place, known := p.places[t.Name]
		if !known {
			return nil, &oip.TensorError{Tensor: t.Name, Problem: "the model has no such feature; its features are " + p.featureList()}
		}
		if ordered[place].Datatype != "" {
			return nil, &oip.TensorError{Tensor: t.Name, Problem: "the feature is given twice"}
		}
		ordered[place] = t
	}
	for i, t := range ordered {
		if t.Datatype == "" {
			return nil, &oip.TensorError{Tensor: p.nameOf(i), Problem: "the feature is missing; the model's features are " + p.featureList()}
		}
	}
	return ordered, nil
}

func (p *predictor) checkColumn(t, first oip.Tensor) error {
	if len(t.Shape) != 1 && (len(t.Shape) != 2 || t.Shape[1] != 1) {
		problem := fmt.Sprintf("expected one value a row, which is shape [rows] or [rows,1], given %s", oip.ShapeString(t.Shape))
		return &oip.TensorError{Tensor: t.Name, Problem: problem + "; the model takes " + p.wanted()}
	}
	if t.Shape[0] != first.Shape[0] {
		return &oip.TensorError{Tensor: t.Name, Problem: fmt.Sprintf("it has %d rows, and %q has %d", t.Shape[0], first.Name, first.Shape[0])}
	}
	return nil
}

// allMissing is a column of texts that are all null.
func allMissing(rows int) oip.Tensor {
	missing := make([]bool, rows)
	for i := range missing {
		missing[i] = true
	}
	return oip.Tensor{Datatype: oip.Bytes, Shape: []int64{int64(rows)}, Strings: make([]string, rows), Missing: missing}
}

// joined makes one matrix of columns that are all numbers, unless they are to stay apart, and checks that texts stand only where
// the model takes them.
func (p *predictor) joined(columns []oip.Tensor, apart bool) ([]oip.Tensor, error) {
	rows, numeric := int(columns[0].Shape[0]), true
	for i, t := range columns {
		if err := p.checkKind(i, t, rows); err != nil {
			return nil, err
		}
		if t.Datatype != oip.Bytes && p.features != nil && p.features[i].Kind == Text {
			columns[i] = allMissing(rows) // checkKind found nothing but nulls
		}
		numeric = numeric && columns[i].Datatype != oip.Bytes
	}
	if !numeric || apart {
		out := make([]oip.Tensor, len(columns))
		for i, t := range columns {
			out[i] = oip.Tensor{Name: p.nameOf(i), Datatype: oip.Bytes, Shape: []int64{int64(rows)}, Strings: t.Strings, Missing: t.Missing}
			if t.Datatype != oip.Bytes {
				out[i] = oip.NewTensor(p.nameOf(i), oip.FP64, []int64{int64(rows)}, oip.AppendFloat64s(make([]float64, 0, rows), t))
			}
		}
		return out, nil
	}
	values := make([]float64, rows*len(columns))
	var column []float64
	for i, t := range columns {
		column = oip.AppendFloat64s(column[:0], t)
		for r, v := range column {
			values[r*len(columns)+i] = v
		}
	}
	return []oip.Tensor{oip.NewTensor("", oip.FP64, []int64{int64(rows), int64(len(columns))}, values)}, nil
}

func (p *predictor) checkKind(i int, t oip.Tensor, rows int) error {
	if rows == 0 {
		return nil
	}
	kind := Number
	if p.features != nil {
		kind = p.features[i].Kind
	}
	switch {
	case kind.isNumber() && t.Datatype == oip.Bytes:
		return p.notNumber(i, t)
	case kind == Text && t.Datatype != oip.Bytes:
		for row, v := range oip.AppendFloat64s(nil, t) {
			if v == v {
				return p.notText(i, row, v)
			}
		}
	}
	return nil
}

// maxQuoted is the most bytes of a client's text that a message repeats.
const maxQuoted = 64

func (p *predictor) notNumber(i int, t oip.Tensor) error {
	row := 0
	for t.Missing != nil && row < len(t.Missing)-1 && t.Missing[row] {
		row++
	}
	text := t.Strings[row]
	if len(text) > maxQuoted {
		text = text[:maxQuoted] + "…"
	}
	return &oip.RequestError{Where: "feature " + p.quoted(i) + ", row " + strconv.Itoa(row), Problem: fmt.Sprintf("expected a number, given the text %q", text)}
}

func (p *predictor) notText(i, row int, value float64) error {
	return &oip.RequestError{Where: "feature " + p.quoted(i) + ", row " + strconv.Itoa(row), Problem: fmt.Sprintf("expected a text, given the number %v", value)}
}

// quoted names a feature in a message: by its name, or by its place.
func (p *predictor) quoted(i int) string {
	if i < len(p.features) && p.features[i].Name != "" {
		return strconv.Quote(p.features[i].Name)
	}
	return strconv.Itoa(i)
}
