package xgboost

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees"
	"github.com/sluice-serving/sluice/runtime/trees/categories"
)

// estimator is a loaded model.
type estimator struct {
	rows      *categories.Encoder
	groups    int
	base      []float32 // a margin for each group
	objective objective
	ensemble  *trees.Ensemble // nil for gblinear
	linear    []float32
	missing   *float64
	outputs   []output
}

var _ tabular.Estimator = (*estimator)(nil)

func newEstimator(m *booster, o Options) (*estimator, error) {
	if o.Interface == AsSaved {
		o.Interface = m.savedBy()
	}
	objective, err := objectiveOf(m.objective, m.version)
	if err != nil {
		return nil, err
	}
	e := &estimator{groups: m.groups(), objective: objective, linear: m.linear, missing: o.Missing}
	names := m.names
	if len(names) == 0 {
		names = make([]string, m.features)
	}
	if e.rows, err = categories.New(names, m.categories, categories.Refused); err != nil {
		return nil, err
	}
	e.base = make([]float32, e.groups)
	for g := range e.base {
		base := m.base[min(g, len(m.base)-1)]
		if m.linear != nil {
			base = m.base[0] // gblinear looks at no other
		}
		if objective.margin != nil && !m.version.before(1, 0) {
			base = objective.margin(base)
		}
		e.base[g] = base
	}
	if e.outputs, err = e.outputsFor(o); err != nil {
		return nil, err
	}
	if m.linear != nil {
		return e, nil
	}
	used := m.trees
	if o.Interface != Booster {
		used = used[:m.bestTrees()]
	}
	for i := range used[:min(len(m.weights), len(used))] {
		for k, leaf := range used[i].Leaves {
			used[i].Leaves[k] = float64(float32(leaf) * m.weights[i])
		}
	}
	forest := trees.Forest{Features: m.features, Groups: e.groups, Input: trees.Single, Output: trees.Single, Vector: m.vector, Trees: used}
	if e.ensemble, err = trees.Build(forest, trees.Options{Threads: o.Threads}); err != nil {
		return nil, err
	}
	return e, nil
}

// savedBy is the wrapper that saved the model. XGBoost keeps what scikit-learn asks of an estimator as JSON in an attribute.
func (m *booster) savedBy() Interface {
	if strings.Contains(m.attributes["scikit_learn"], `"classifier"`) {
		return Classifier
	}
	return Regressor
}

// bestTrees is the number of trees up to the best round, which XGBoost's scikit-learn interface uses; all if there was no
// early stopping.
func (m *booster) bestTrees() int {
	best, err := strconv.Atoi(m.attributes["best_iteration"])
	if err != nil || best < 0 {
		return len(m.trees)
	}
	if m.rounds != nil {
		if best >= len(m.rounds) {
			return len(m.trees)
		}
		return m.rounds[best]
	}
	round := max(m.parallel, 1)
	if !m.vector {
		round *= m.groups()
	}
	if best+1 > len(m.trees)/round {
		return len(m.trees)
	}
	return (best + 1) * round
}

func (e *estimator) Features() []tabular.Feature { return e.rows.Features() }

func (e *estimator) Outputs() []tabular.Output {
	described := make([]tabular.Output, len(e.outputs))
	for i, o := range e.outputs {
		described[i] = o.Output
	}
	return described
}

// Compute takes any number for a value; the columns of a data frame have categories where the model has kept some, as models do
// since XGBoost 3.1.
func (e *estimator) Compute(ctx context.Context, frame *tabular.Frame, outputs []int) ([]oip.Tensor, error) {
	margins, err := e.margins(ctx, frame)
	if err != nil {
		return nil, err
	}
	answers := make([]oip.Tensor, len(outputs))
	for i, number := range outputs {
		o := e.outputs[number]
		of := margins
		if i < len(outputs)-1 {
			of = slices.Clone(margins) // each works in place
		}
		answers[i] = o.compute(of, frame.Rows)
		answers[i].Name = o.Name
	}
	return answers, nil
}

// margins are the sums before the objective's transformation, [rows, groups].
func (e *estimator) margins(ctx context.Context, frame *tabular.Frame) ([]float32, error) {
	rows, err := e.rows.Matrix(frame)
	if err != nil {
		return nil, err
	}
	rows = e.withoutMissing(rows)
	margins := make([]float32, rows.Rows*e.groups)
	for i := 0; i < len(margins); i += e.groups {
		copy(margins[i:], e.base)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if e.ensemble != nil {
		e.ensemble.Sum32(rows, margins)
	} else {
		e.addLinear(rows, margins)
	}
	return margins, nil
}

// addLinear is gblinear: the bias and the base first, then feature by feature; what is missing adds nothing.
func (e *estimator) addLinear(rows tabular.Matrix, margins []float32) {
	values := rows.Float32()
	bias := e.linear[len(e.rows.Features())*e.groups:]
	for row := range rows.Rows {
		for g := range e.groups {
			sum := bias[g] + margins[row*e.groups+g]
			for i, x := range values[row*rows.Cols:][:rows.Cols] {
				if x == x {
					sum += float32(x * e.linear[i*e.groups+g])
				}
			}
			margins[row*e.groups+g] = sum
		}
	}
}

// withoutMissing turns the value that counts as missing into NaN.
func (e *estimator) withoutMissing(m tabular.Matrix) tabular.Matrix {
	if e.missing == nil || *e.missing != *e.missing {
		return m
	}
	values, missing := m.Float32(), float32(*e.missing)
	if m.F32 != nil {
		values = slices.Clone(values)
	}
	for i, v := range values {
		if v == missing {
			values[i] = float32(math.NaN())
		}
	}
	return tabular.Matrix{Rows: m.Rows, Cols: m.Cols, F32: values}
}
