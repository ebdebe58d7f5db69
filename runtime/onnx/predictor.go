package onnx

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/onnx/ort"
)

// predictor is an opened ONNX model.
type predictor struct {
	session   *ort.Session
	signature model.Signature
}

var _ model.Predictor = (*predictor)(nil)

func (r *Runtime) open(path string) (model.Predictor, error) {
	session, err := r.library.Open(path, r.threads)
	if err != nil {
		return nil, explainOpening(path, r.Version(), err)
	}
	signature, err := signatureOf(session.Inputs(), session.Outputs())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), session.Close())
	}
	return &predictor{session: session, signature: signature}, nil
}

// explainOpening adds what to do to onnxruntime's own words.
func explainOpening(path, version string, err error) error {
	var answer *ort.Error
	if !errors.As(err, &answer) {
		return fmt.Errorf("%s: %w", path, err)
	}
	remedy := ""
	switch answer.Code {
	case ort.CodeInvalidProtobuf:
		remedy = " (it is no ONNX model, or it is cut off: copy or convert it anew, and check it with `python -m onnx.checker`)"
	case ort.CodeNotImplemented, ort.CodeInvalidGraph:
		remedy = fmt.Sprintf(" (onnxruntime %s has no such operator or version of it: export the model with a lower opset)", version)
	}
	return fmt.Errorf("onnxruntime can't load %s: %w%s", path, err, remedy)
}

func (p *predictor) Signature() model.Signature { return p.signature }

func (p *predictor) Close() error { return p.session.Close() }

func (p *predictor) Predict(ctx context.Context, inputs []oip.Tensor) ([]oip.Tensor, error) {
	given := make([]ort.Value, len(inputs))
	for i, t := range inputs {
		given[i] = ort.Value{Kind: ort.KindTensor, Element: elementOf(t.Datatype), Shape: t.Shape, Data: t.Data, Strings: t.Strings}
	}
	computed, err := p.session.Run(ctx, given)
	if err != nil {
		return nil, explainRun(err)
	}
	outputs := make([]oip.Tensor, len(computed))
	for i, v := range computed {
		if outputs[i], err = tensorOf(p.signature.Outputs[i], v); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// explainRun tells the client's faults from the server's. A model is a pure
// function: an operator that can't go on has met inputs whose sizes or values
// don't suit each other, which the signature can't exclude. Were that called
// the server's fault, one client's bad requests would eject it for all.
func explainRun(err error) error {
	var answer *ort.Error
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.Code {
	case ort.CodeInvalidArgument, ort.CodeFail, ort.CodeRuntimeException:
		return &model.InvalidInputError{Problem: "the model can't compute these inputs: " + answer.Message}
	default:
		return err
	}
}
