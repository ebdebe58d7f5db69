package tabular

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
)

// Options say how a model's answers look.
type Options struct {
	Answers Answers
	// Probabilities answers predict_proba in place of predict where a request names no output and the model has both, as KServe's
	// servers do with PREDICT_PROBA=true.
	Probabilities bool
}

// NewPredictor serves an estimator. Requests may have more shapes than the signature says: one tensor [rows,features] of any
// name and datatype, or a tensor [rows] or [rows,1] for each feature, in any order if the model has names for them.
func NewPredictor(e Estimator, o Options) model.Predictor {
	p := &predictor{estimator: e, features: e.Features(), style: o.Answers, first: []int{0}}
	for i, f := range p.features {
		if f.Name != "" {
			if p.places == nil {
				p.places = make(map[string]int, len(p.features))
			}
			p.places[f.Name] = i
		}
		p.hasTexts = p.hasTexts || f.Kind == Text
		p.hasCategories = p.hasCategories || f.Kind.isCategory()
	}
	p.answers = answersOf(e.Outputs(), o)
	return p
}

// predictor is an estimator behind the runtime's seam.
type predictor struct {
	estimator Estimator
	features  []Feature      // nil: any number of numbers
	places    map[string]int // of each feature's name; nil if the model knows none
	hasTexts  bool           // some feature takes nothing but texts
	// hasCategories says that some feature is of categories, whose values in named columns aren't those in a matrix.
	hasCategories bool
	style         Answers
	answers       []answer
	first         []int // what is answered when nothing is asked for
}

var _ model.Selective = (*predictor)(nil)

// wholeName is the one input of a model that has no names for its features: KServe's examples call it so.
const wholeName = "input-0"

// Signature names each feature if the model does, and else has one matrix.
func (p *predictor) Signature() model.Signature {
	s := model.Signature{Rows: model.RowsOfNumbers}
	if slices.ContainsFunc(p.features, func(f Feature) bool { return !f.Kind.isNumber() }) {
		s.Rows = model.RowsWithTexts
	}
	switch {
	case p.places != nil || p.hasTexts && len(p.features) > 1:
		for i, f := range p.features {
			s.Inputs = append(s.Inputs, oip.TensorSpec{Name: p.nameOf(i), Datatype: datatypeOf(f.Kind), Shape: []int64{-1, 1}})
		}
	default:
		width, kind := int64(-1), Number
		if p.features != nil {
			width = int64(len(p.features))
		}
		if p.hasTexts {
			kind = Text
		}
		s.Inputs = []oip.TensorSpec{{Name: wholeName, Datatype: datatypeOf(kind), Shape: []int64{-1, width}}}
	}
	for _, a := range p.answers {
		if !a.hidden {
			s.Outputs = append(s.Outputs, a.spec())
		}
	}
	return s
}

func datatypeOf(k Kind) oip.Datatype {
	if k == Text {
		return oip.Bytes
	}
	return oip.FP64
}

// nameOf is a feature's name, or what it is called where it has none.
func (p *predictor) nameOf(i int) string {
	if i < len(p.features) && p.features[i].Name != "" {
		return p.features[i].Name
	}
	return "input-" + strconv.Itoa(i)
}

// featureList names the features, for messages.
func (p *predictor) featureList() string {
	const most = 20
	names := make([]string, 0, most)
	for i := range p.features[:min(len(p.features), most)] {
		names = append(names, strconv.Quote(p.nameOf(i)))
	}
	list := strings.Join(names, ", ")
	if more := len(p.features) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// Choose finds the outputs named.
func (p *predictor) Choose(names []string) ([]int, error) {
	if len(names) == 0 {
		return p.first, nil
	}
	chosen := make([]int, len(names))
	for k, name := range names {
		chosen[k] = slices.IndexFunc(p.answers, func(a answer) bool { return a.name == name })
		if chosen[k] < 0 {
			return nil, &oip.TensorError{Tensor: name, Problem: "the model has no such output; its outputs are " + p.answerList()}
		}
	}
	return chosen, nil
}

func (p *predictor) answerList() string {
	names := make([]string, len(p.answers))
	for i, a := range p.answers {
		names[i] = strconv.Quote(a.name)
	}
	return strings.Join(names, ", ")
}

// Predict computes every output of the signature.
func (p *predictor) Predict(ctx context.Context, inputs []oip.Tensor) ([]oip.Tensor, error) {
	arranged, err := p.Arrange(inputs)
	if err != nil {
		return nil, err
	}
	var all []int
	for i, a := range p.answers {
		if !a.hidden {
			all = append(all, i)
		}
	}
	return p.PredictSome(ctx, arranged, all)
}

// PredictSome computes the outputs chosen from tensors that Arrange made.
func (p *predictor) PredictSome(ctx context.Context, inputs []oip.Tensor, outputs []int) ([]oip.Tensor, error) {
	methods := make([]int, len(outputs))
	for k, i := range outputs {
		methods[k] = p.answers[i].method
	}
	computed, err := p.estimator.Compute(ctx, frameOf(inputs), methods)
	if err != nil {
		return nil, err
	}
	for k, i := range outputs {
		computed[k] = p.answers[i].dress(computed[k])
	}
	return computed, nil
}

// frameOf reads a frame in place.
func frameOf(inputs []oip.Tensor) *Frame {
	first := inputs[0]
	if len(first.Shape) == 2 {
		both := new(struct { // one allocation
			frame Frame
			m     Matrix
		})
		f, m := &both.frame, &both.m
		f.Rows = int(first.Shape[0])
		m.Rows, m.Cols = f.Rows, int(first.Shape[1])
		if first.Datatype == oip.FP32 {
			m.F32 = oip.Elements[float32](first)
		} else {
			m.F64 = oip.Elements[float64](first)
		}
		if m.F32 == nil && m.F64 == nil {
			m.F64 = []float64{}
		}
		f.Numbers = m
		return f
	}
	f := &Frame{Rows: int(first.Shape[0]), Columns: make([]Column, len(inputs))}
	for i, t := range inputs {
		f.Columns[i].Name = t.Name
		if t.Datatype == oip.Bytes {
			f.Columns[i].Texts, f.Columns[i].Missing = t.Strings, t.Missing
		} else {
			f.Columns[i].Numbers = oip.Elements[float64](t)
		}
	}
	return f
}

// Close has nothing to free.
func (p *predictor) Close() error { return nil }
