package categories_test

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/sklearn"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/librarytest"
	"github.com/sluice-serving/sluice/runtime/trees/lightgbm"
	"github.com/sluice-serving/sluice/runtime/trees/xgboost"
)

func open(t *testing.T, file string) model.Selective {
	t.Helper()
	var e tabular.Estimator
	var err error
	switch filepath.Ext(file) {
	case ".joblib":
		e, err = sklearn.Open(file)
	case ".txt":
		e, err = lightgbm.Open(file, lightgbm.Options{})
	default:
		e, err = xgboost.Open(file, xgboost.Options{Interface: xgboost.AsSaved})
	}
	if err != nil {
		t.Fatal(err)
	}
	p, ok := tabular.NewPredictor(e, tabular.Options{}).(model.Selective)
	if !ok {
		t.Fatal("it isn't selective")
	}
	return p
}

func predict(t *testing.T, p model.Selective, given []oip.Tensor) ([]float64, error) {
	t.Helper()
	chosen, err := p.Choose(nil)
	if err != nil {
		t.Fatal(err)
	}
	arranged, err := p.Arrange(given)
	if err != nil {
		return nil, err
	}
	answers, err := p.PredictSome(t.Context(), arranged, chosen)
	if err != nil {
		return nil, err
	}
	return oip.AppendFloat64s(nil, answers[0]), nil
}

// TestColumnsOfCategoriesAnswerAsInTheLibraries trains models of data frames on the spot, and asks them in all their formats by
// named columns with values, some missing and some unseen, and by matrices with codes.
func TestColumnsOfCategoriesAnswerAsInTheLibraries(t *testing.T) {
	t.Parallel()
	tolerance := map[string]float64{"lightgbm": 1e-12, "xgboost": 1e-6}
	for _, m := range librarytest.TrainFrames(t, 1, 18) {
		for _, file := range m.Files {
			what := fmt.Sprintf("%s of %v", filepath.Base(file), m.Kinds)
			p := open(t, file)
			named, err := predict(t, p, m.Named())
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			librarytest.Compare(t, what+", named", named, m.Predict, tolerance[m.Library])
			codes, err := predict(t, p, m.Codes())
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			librarytest.Compare(t, what+", codes", codes, m.OfMatrix, tolerance[m.Library])
			if m.Refused != nil {
				checkRefused(t, what, p, m)
			}
		}
	}
}

func checkRefused(t *testing.T, what string, p model.Selective, m librarytest.FrameModel) {
	t.Helper()
	given := m.Named()
	for i := range given {
		if given[i].Name == "int" {
			values := make([]float64, len(m.Predict))
			for row := range values {
				values[row] = math.NaN()
			}
			values[3] = *m.Refused
			given[i] = oip.NewTensor("int", oip.FP64, given[i].Shape, values)
		}
	}
	var invalid *model.InvalidInputError
	want := fmt.Sprintf("row 3: %v is none of the 4 categories of feature %q", *m.Refused, "int")
	if _, err := predict(t, p, given); !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}
