package sklearn

import (
	"context"
	"fmt"
	"strings"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/lightgbm"
	"github.com/sluice-serving/sluice/runtime/trees/xgboost"
)

// foreign makes estimators of XGBoost's and LightGBM's wrappers and boosters. It gives nil for a class that is none of theirs.
func foreign(a *attrs) (*estimator, error) {
	library, _, _ := strings.Cut(a.object.Module, ".")
	if library != "xgboost" && library != "lightgbm" {
		return nil, nil
	}
	handle, err := a.handle()
	if err != nil {
		return nil, err
	}
	var classes *labels
	if a.isClassifier() {
		classes = a.boosterClasses()
		if a.err != nil {
			return nil, a.err
		}
	}
	var inner tabular.Estimator
	if library == "xgboost" {
		inner, err = xgboost.FromBytes(handle, a.xgboostOptions(classes))
	} else {
		inner, err = lightgbm.FromBytes(handle, a.lightgbmOptions(classes))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.class, err)
	}
	return borrowed(inner, classes), nil
}

func (a *attrs) isClassifier() bool { return strings.HasSuffix(a.class, "Classifier") }

// handle is the model within a booster: the object itself, or the wrapper's _Booster.
func (a *attrs) handle() ([]byte, error) {
	booster := a
	if a.class != "Booster" {
		booster = a.within("_Booster")
		if a.err != nil {
			return nil, a.err
		}
	}
	for _, name := range []string{"handle", "_handle"} {
		switch v := booster.value(name).(type) {
		case []byte:
			return v, nil
		case string:
			return []byte(v), nil
		}
	}
	if booster.value("handle") == nil && booster.value("_handle") == nil && booster.object.State == nil {
		return nil, &UnsupportedError{Class: a.object.Module + "." + a.class, Version: a.version}
	}
	return nil, &BrokenError{Class: a.class, Version: a.version, Attribute: "handle", Problem: "it holds no model: it was saved before it was fitted, or by a version that isn't known here"}
}

// boosterClasses are the labels that a wrapper turns classes into; 0, 1, … where it keeps none.
func (a *attrs) boosterClasses() *labels {
	for _, name := range []string{"classes_", "_classes"} {
		if a.value(name) != nil {
			l, err := labelsOf(a.value(name))
			if err != nil {
				a.fail(name, "%v", err)
			}
			return l
		}
	}
	if a.value("_le") != nil {
		return a.within("_le").classes()
	}
	return count(a.integer(a.first("n_classes_", "_n_classes"), 2), oip.Int64)
}

// plain gives labels as the readers of boosters take them.
func (l *labels) plain() any {
	switch {
	case l == nil:
		return nil
	case l.datatype == oip.Bytes:
		return l.texts
	case l.floats != nil:
		return l.floats
	case l.datatype == oip.Bool:
		truth := make([]bool, len(l.ints))
		for i, v := range l.ints {
			truth[i] = v != 0
		}
		return truth
	default:
		return l.ints
	}
}

func (a *attrs) xgboostOptions(classes *labels) xgboost.Options {
	o := xgboost.Options{Classes: classes.plain()}
	switch {
	case a.class == "Booster":
	case a.isClassifier():
		o.Interface = xgboost.Classifier
	default:
		o.Interface = xgboost.Regressor
	}
	if v := a.number("missing", 0); a.value("missing") != nil && v == v {
		o.Missing = &v
	}
	return o
}

func (a *attrs) lightgbmOptions(classes *labels) lightgbm.Options {
	o := lightgbm.Options{Classifier: a.isClassifier(), Classes: classes.plain()}
	best := a
	if a.class != "Booster" {
		best = a.within("_Booster")
	}
	o.Iterations = max(0, best.integer("best_iteration", 0))
	return o
}

// borrowed is another reader's model as an estimator that can stand in a pipeline.
func borrowed(inner tabular.Estimator, classes *labels) *estimator {
	features := inner.Features()
	in := input{cols: len(features), isMixed: true, accepts: anything}
	for _, f := range features {
		in.kinds = append(in.kinds, f.Kind)
		if f.Name != "" {
			in.names = append(in.names, f.Name)
		}
	}
	if len(in.names) != len(features) {
		in.names = nil
	}
	e := &estimator{in: in}
	for i, out := range inner.Outputs() {
		o := op{name: out.Name, cols: out.Cols, datatype: out.Datatype}
		of := (*labels)(nil)
		if out.Name == predict && classes != nil {
			of = classes
			e.classes = []*labels{classes}
			o.labels = &labels{datatype: out.Datatype, ints: classes.ints, floats: classes.floats, texts: classes.texts}
		}
		e.ops = append(e.ops, o.with(func(ctx context.Context, x *batch) (*batch, error) {
			tensors, err := inner.Compute(ctx, frameOf(x), []int{i})
			if err != nil {
				return nil, err
			}
			return batchOfTensor(tensors[0], of, o.labels)
		}))
	}
	return e
}

// frameOf gives rows to another reader's model.
func frameOf(x *batch) *tabular.Frame {
	if x.sparse != nil {
		x = x.sparse.dense()
	}
	if x.columns != nil {
		return &tabular.Frame{Rows: x.rows, Columns: x.columns}
	}
	return &tabular.Frame{Rows: x.rows, Numbers: &tabular.Matrix{Rows: x.rows, Cols: x.cols, F64: x.dense}}
}

// batchOfTensor takes an answer over; of classes as their codes.
func batchOfTensor(t oip.Tensor, classes, spelt *labels) (*batch, error) {
	out := &batch{rows: int(t.Shape[0]), cols: 1, vector: len(t.Shape) == 1}
	if !out.vector {
		out.cols = int(t.Shape[1])
	}
	if classes != nil {
		codes, err := codesOf(t, classes)
		out.codes, out.labels = codes, []*labels{spelt}
		return out, err
	}
	switch t.Datatype {
	case oip.FP64:
		out.dense = oip.Elements[float64](t)
	case oip.FP32:
		out.dense = tabular.Matrix{F32: oip.Elements[float32](t)}.Float64()
	default:
		return nil, fmt.Errorf("an answer of %s where numbers are expected", t.Datatype)
	}
	return out, nil
}

// codesOf finds the classes that an answer spells out.
func codesOf(t oip.Tensor, classes *labels) ([]int32, error) {
	numbers, texts := map[float64]int32{}, map[string]int32{}
	for i := range classes.len() {
		if v, ok := classes.number(i); ok {
			numbers[v] = int32(i)
		} else {
			texts[classes.texts[i]] = int32(i)
		}
	}
	codes := make([]int32, t.Shape[0])
	for i := range codes {
		code, known := int32(0), false
		switch t.Datatype {
		case oip.Bytes:
			code, known = texts[t.Strings[i]]
		case oip.Int64:
			code, known = numbers[float64(oip.Elements[int64](t)[i])]
		case oip.FP64:
			code, known = numbers[oip.Elements[float64](t)[i]]
		case oip.Bool:
			v, _ := pickle.Float(oip.Elements[bool](t)[i])
			code, known = numbers[v]
		}
		codes[i] = code
		if !known {
			return nil, fmt.Errorf("row %d is answered with a class that the model doesn't list", i)
		}
	}
	return codes, nil
}
