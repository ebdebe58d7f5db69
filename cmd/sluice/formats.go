package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/onnx"
	"github.com/sluice-serving/sluice/runtime/repository"
	"github.com/sluice-serving/sluice/runtime/sklearn"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/lightgbm"
	"github.com/sluice-serving/sluice/runtime/trees/xgboost"
)

// bundledFormats are the model formats that `sluice serve` reads, as manifests spell them.
func bundledFormats() []string {
	names := make([]string, 0, len(formats()))
	for _, f := range formats() {
		names = append(names, f.Name)
	}
	return names
}

// formats are the model files that `sluice serve` loads.
func formats() []repository.Format {
	return []repository.Format{
		{Name: "onnx", Extensions: []string{".onnx"}},
		{Name: "sklearn", Extensions: sklearn.Formats()},
		{Name: "xgboost", Extensions: []string{".json", ".ubj", ".bst", ".model"}, Holds: plan.HoldsXGBoost},
		{Name: "lightgbm", Extensions: []string{".txt", ".lgb", ".bst", ".model"}, Holds: plan.HoldsLightGBM},
	}
}

// servedFormats names the formats with their endings, for help and errors.
func servedFormats() string {
	parts := make([]string, 0, len(formats()))
	for _, f := range formats() {
		parts = append(parts, f.Name+" ("+strings.Join(f.Extensions, ", ")+")")
	}
	return strings.Join(parts, ", ")
}

// opener is how the file of a format is loaded, and what the metadata calls its platform.
type opener struct {
	platform string
	open     model.Opener
}

// openerOf finds how a file is loaded. onnxruntime is started for ONNX files alone, by engine.
func (o serveOptions) openerOf(file repository.File, engine func() (*onnx.Runtime, error)) (opener, error) {
	if file.Format == "onnx" {
		runtime, err := engine()
		if err != nil {
			return opener{}, fmt.Errorf("%s can't be served: %w", file.Path, err)
		}
		return opener{onnx.Platform, runtime.Opener(file.Path)}, nil
	}
	open := func(context.Context) (model.Predictor, error) {
		estimator, err := o.openTabular(file)
		if err != nil {
			return nil, err
		}
		return tabular.NewPredictor(estimator, tabular.Options{Answers: o.answers.Answers, Probabilities: o.probabilities}), nil
	}
	return opener{platform: file.Format, open: open}, nil
}

// openTabular loads a model over rows.
func (o serveOptions) openTabular(file repository.File) (tabular.Estimator, error) {
	switch file.Format {
	case "xgboost":
		options := xgboost.Options{Threads: o.threads}
		if o.answers.Answers == tabular.MLServer {
			options.Interface = xgboost.AsSaved
		}
		return xgboost.Open(file.Path, options)
	case "lightgbm":
		return lightgbm.Open(file.Path, lightgbm.Options{Threads: o.threads})
	default:
		return sklearn.Open(file.Path)
	}
}

// answersFlag is the value of --answers.
type answersFlag struct{ tabular.Answers }

// Set reads it.
func (f *answersFlag) Set(name string) (err error) {
	f.Answers, err = tabular.ParseAnswers(name)
	return err
}

// Type names it in help.
func (f *answersFlag) Type() string { return "kserve|mlserver" }
