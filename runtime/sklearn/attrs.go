package sklearn

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

// attrs reads the attributes of one estimator in a file. The first that isn't as it should be is kept as err, and what is read after it is empty:
// makers read all they need and look at err once.
type attrs struct {
	object  *pickle.Object
	class   string // without its module
	version string
	loader  *loader
	err     error
}

func (a *attrs) fail(attribute, format string, args ...any) {
	if a.err == nil {
		a.err = &BrokenError{Class: a.class, Version: a.version, Attribute: attribute, Problem: fmt.Sprintf(format, args...)}
	}
}

// refuse says that the estimator has an option that isn't served.
func (a *attrs) refuse(what string) {
	if a.err == nil {
		a.err = &UnsupportedError{Class: a.object.Module + "." + a.class + " with " + what, Version: a.version}
	}
}

// before says whether an older scikit-learn than major.minor wrote the file.
func (a *attrs) before(major, minor int) bool {
	parts := strings.SplitN(a.version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	have, err := strconv.Atoi(parts[0])
	if err != nil || have != major {
		return err == nil && have < major
	}
	small, err := strconv.Atoi(parts[1])
	return err == nil && small < minor
}

// value is an attribute, nil if there is none or it is None.
func (a *attrs) value(name string) pickle.Value {
	v, _ := a.object.Attr(name)
	return v
}

// first gives the name of the first attribute that there is: they were renamed between versions.
func (a *attrs) first(names ...string) string {
	for _, name := range names {
		if a.value(name) != nil {
			return name
		}
	}
	return names[0]
}

func (a *attrs) need(name string) pickle.Value {
	v := a.value(name)
	if v == nil {
		a.fail(name, "it is missing: the model was saved before it was fitted, or by a version that isn't known here")
	}
	return v
}

// floats is an array of numbers, flat.
func (a *attrs) floats(name string) []float64 {
	_, values := a.shaped(name)
	return values
}

// shaped is an array of numbers with its shape; a single number has none.
func (a *attrs) shaped(name string) ([]int, []float64) {
	switch v := a.need(name).(type) {
	case nil:
		return nil, nil
	case *pickle.Array:
		values, err := v.Floats()
		if err != nil {
			a.fail(name, "%v", err)
		}
		return v.Shape, values
	case *pickle.List, *pickle.Tuple:
		return a.listed(name, itemsOf(v))
	default:
		f, ok := pickle.Float(v)
		if !ok {
			a.fail(name, "expected numbers")
		}
		return nil, []float64{f}
	}
}

func (a *attrs) listed(name string, items []pickle.Value) ([]int, []float64) {
	out := make([]float64, len(items))
	for i, item := range items {
		f, ok := pickle.Float(item)
		if !ok {
			a.fail(name, "element %d is no number", i)
		}
		out[i] = f
	}
	return []int{len(out)}, out
}

// matrix is a two-dimensional array; a vector is one row.
func (a *attrs) matrix(name string) *matrix {
	if o, ok := a.value(name).(*pickle.Object); ok {
		return a.csr(name, o)
	}
	shape, values := a.shaped(name)
	if a.err == nil && len(shape) > 0 && shape[len(shape)-1] == 0 {
		a.fail(name, "a matrix without columns, of shape %v", shape)
	}
	switch len(shape) {
	case 2:
		return &matrix{rows: shape[0], cols: shape[1], v: values}
	case 1:
		return &matrix{rows: 1, cols: shape[0], v: values}
	}
	a.fail(name, "expected a matrix, found shape %v", shape)
	return &matrix{}
}

// csr reads a matrix of scipy.sparse.
func (a *attrs) csr(name string, o *pickle.Object) *matrix {
	inner := &attrs{object: o, class: o.Name, version: a.version, loader: a.loader}
	shape := itemsOf(inner.value("_shape"))
	if !strings.HasPrefix(o.Name, "csr_") || len(shape) != 2 {
		a.fail(name, "expected a matrix, found %s.%s", o.Module, o.Name)
		return &matrix{}
	}
	rows, _ := pickle.Int(shape[0])
	cols, _ := pickle.Int(shape[1])
	data, indices, starts := inner.floats("data"), inner.ints("indices"), inner.ints("indptr")
	if inner.err != nil || rows < 0 || cols < 0 || int64(len(starts)) != rows+1 || (cols > 0 && rows > maxCells/cols) {
		a.fail(name, "a sparse matrix that isn't whole")
		return &matrix{}
	}
	m := &matrix{rows: int(rows), cols: int(cols), v: make([]float64, rows*cols)}
	for r := range m.rows {
		for k := starts[r]; k < starts[r+1]; k++ {
			if k < 0 || k >= int64(min(len(data), len(indices))) || indices[k] < 0 || indices[k] >= cols {
				a.fail(name, "a sparse matrix that isn't whole")
				return &matrix{}
			}
			m.v[r*m.cols+int(indices[k])] += data[k]
		}
	}
	return m
}

// maxCells bounds what a sparse attribute may unpack to.
const maxCells = 1 << 28

func (a *attrs) ints(name string) []int64 {
	array, ok := a.need(name).(*pickle.Array)
	if !ok {
		var out []int64
		for i, item := range itemsOf(a.value(name)) {
			n, ok := pickle.Int(item)
			if !ok {
				a.fail(name, "element %d is no integer", i)
			}
			out = append(out, n)
		}
		return out
	}
	out, err := array.Ints()
	if err != nil {
		a.fail(name, "%v", err)
	}
	return out
}

// number is a single number, or the default where there is none.
func (a *attrs) number(name string, otherwise float64) float64 {
	v := a.value(name)
	if v == nil {
		return otherwise
	}
	f, ok := pickle.Float(v)
	if !ok {
		a.fail(name, "expected a number")
	}
	return f
}

func (a *attrs) integer(name string, otherwise int) int {
	f := a.number(name, float64(otherwise))
	if f != f || f < -1<<31 || f > 1<<40 {
		a.fail(name, "expected an integer, found %v", f)
		return otherwise
	}
	return int(f)
}

func (a *attrs) flag(name string, otherwise bool) bool {
	f := 0.0
	if otherwise {
		f = 1
	}
	return a.number(name, f) != 0
}

// text is a text, or the default where there is none or something else.
func (a *attrs) text(name, otherwise string) string {
	switch v := a.value(name).(type) {
	case string:
		return v
	case *pickle.Scalar:
		if s, ok := v.Value.(string); ok {
			return s
		}
	}
	return otherwise
}

// classes reads classes_, which a classifier of several outputs has as a list.
func (a *attrs) classes() *labels {
	v := a.need("classes_")
	if a.err != nil {
		return &labels{}
	}
	l, err := labelsOf(v)
	if err != nil {
		a.fail("classes_", "%v", err)
		return &labels{}
	}
	if l.len() == 0 {
		a.fail("classes_", "there are none")
	}
	return l
}

// texts is a list or array of texts, nil if there is none.
func (a *attrs) texts(name string) []string {
	var out []string
	for i, v := range a.items(name) {
		s, ok := v.(string)
		if !ok {
			a.fail(name, "element %d is no text", i)
		}
		out = append(out, s)
	}
	return out
}

// items are a list's, tuple's or array's elements.
func (a *attrs) items(name string) []pickle.Value {
	array, ok := a.value(name).(*pickle.Array)
	if !ok {
		return itemsOf(a.value(name))
	}
	values, err := array.Values()
	if err != nil {
		a.fail(name, "%v", err)
	}
	return values
}

// child is an estimator within this one.
func (a *attrs) child(name string) *estimator {
	v := a.need(name)
	if a.err != nil {
		return &estimator{}
	}
	return a.estimator(name, v)
}

func (a *attrs) estimator(name string, v pickle.Value) *estimator {
	e, err := a.loader.estimator(v, a.version)
	if err != nil {
		if a.err == nil {
			a.err = fmt.Errorf("%s of %s: %w", name, a.class, err)
		}
		return &estimator{}
	}
	return e
}

// children are the estimators of a list or array, also of a table of them.
func (a *attrs) children(name string) []*estimator {
	var out []*estimator
	for _, v := range a.items(name) {
		if a.err != nil {
			return nil
		}
		out = append(out, a.estimator(name, v))
	}
	if len(out) == 0 {
		a.fail(name, "it holds no estimators")
	}
	return out
}

func itemsOf(v pickle.Value) []pickle.Value {
	switch v := v.(type) {
	case *pickle.List:
		return v.Items
	case *pickle.Tuple:
		return v.Items
	case *pickle.Set:
		return v.Items
	default:
		return nil
	}
}

// expect says whether a list has the length that others imply.
func (a *attrs) expect(name string, have, want int) {
	if have != want {
		a.fail(name, "expected %d values, found %d", want, have)
	}
}

// within reads the attributes of an object that is no estimator of its own here.
func (a *attrs) within(name string) *attrs {
	o, ok := a.need(name).(*pickle.Object)
	if !ok {
		a.fail(name, "expected an object")
		return &attrs{object: &pickle.Object{}, class: name, version: a.version, loader: a.loader, err: a.err}
	}
	return &attrs{object: o, class: o.Name, version: a.version, loader: a.loader}
}

// shapeOnly is an array's shape; false if the attribute is none.
func (a *attrs) shapeOnly(name string) ([]int, bool) {
	if array, ok := a.value(name).(*pickle.Array); ok {
		return array.Shape, true
	}
	return nil, false
}

// refersTo is the name of the class or function that an attribute is, "" if it is none.
func (a *attrs) refersTo(name string) string {
	if g, ok := a.value(name).(*pickle.Global); ok {
		return g.String()
	}
	return ""
}

// floatsOf reads an element of an attribute as an array of numbers.
func (a *attrs) floatsOf(name string, v pickle.Value) []float64 {
	array, ok := v.(*pickle.Array)
	if !ok {
		a.fail(name, "expected arrays of numbers")
		return nil
	}
	values, err := array.Floats()
	if err != nil {
		a.fail(name, "%v", err)
	}
	return values
}
