package sklearn

import (
	"context"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

func selectFamily(class string) maker {
	switch class {
	case "VarianceThreshold", "SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe", "GenericUnivariateSelect", "SelectFromModel":
		return selector
	case "RFE", "RFECV", "SequentialFeatureSelector":
		return recursive
	}
	return nil
}

// picking makes a transform that keeps the columns of a mask.
func picking(mask []bool) *estimator {
	var columns []int
	for c, kept := range mask {
		if kept {
			columns = append(columns, c)
		}
	}
	e := transformer(len(columns), func(_ context.Context, x *batch) (*batch, error) { return x.pick(columns), nil })
	e.in = input{cols: len(mask), accepts: anything, isSparse: true}
	return e
}

func selector(a *attrs) *estimator {
	class := a.class
	if class == "GenericUnivariateSelect" {
		modes := map[string]string{"percentile": "SelectPercentile", "k_best": "SelectKBest", "fpr": "SelectFpr", "fdr": "SelectFdr", "fwe": "SelectFwe"}
		class = modes[a.text("mode", "percentile")]
	}
	switch class {
	case "VarianceThreshold":
		threshold := a.number("threshold", 0)
		return picking(above(a.floats("variances_"), threshold))
	case "SelectKBest":
		return picking(a.best())
	case "SelectPercentile":
		return picking(a.percentile())
	case "SelectFromModel":
		return picking(a.important())
	default:
		return picking(a.significant(class))
	}
}

func above(values []float64, threshold float64) []bool {
	mask := make([]bool, len(values))
	for i, v := range values {
		mask[i] = v > threshold
	}
	return mask
}

// scores have no NaN: it counts as the least.
func (a *attrs) scores() []float64 {
	scores := slices.Clone(a.floats("scores_"))
	for i, v := range scores {
		if math.IsNaN(v) {
			scores[i] = -math.MaxFloat64
		}
	}
	return scores
}

// parameter is k or percentile, which GenericUnivariateSelect calls param.
func (a *attrs) parameter(name string, otherwise float64) float64 {
	return a.number(a.first("param", name), otherwise)
}

func (a *attrs) best() []bool {
	scores := a.scores()
	mask := make([]bool, len(scores))
	k := len(scores)
	if a.text(a.first("param", "k"), "") != "all" {
		k = min(k, max(0, int(a.parameter("k", 10))))
	}
	order := ranked(scores)
	for _, c := range order[len(order)-k:] {
		mask[c] = true
	}
	return mask
}

// ranked are the places of values from the least to the largest, equal ones in their order.
func ranked(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return values[order[i]] < values[order[j]] })
	return order
}

func (a *attrs) percentile() []bool {
	scores := a.scores()
	percent := a.parameter("percentile", 10)
	mask := make([]bool, len(scores))
	if percent == 0 || len(scores) == 0 {
		return mask
	}
	sorted := slices.Clone(scores)
	slices.Sort(sorted)
	at := (100 - percent) / 100 * float64(len(sorted)-1)
	low := int(max(0, math.Floor(at)))
	high := min(low+1, len(sorted)-1)
	threshold := sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
	kept := 0
	for i, s := range scores {
		if s > threshold || percent == 100 {
			mask[i] = true
			kept++
		}
	}
	room := int(float64(len(scores)) * percent / 100)
	for i, s := range scores {
		if s == threshold && !mask[i] && kept < room {
			mask[i] = true
			kept++
		}
	}
	return mask
}

// significant is by the p-values of a test: each below alpha, or by a family-wise or false discovery rate.
func (a *attrs) significant(class string) []bool {
	values := a.floats("pvalues_")
	alpha := a.parameter("alpha", 0.05)
	n := float64(len(values))
	switch class {
	case "SelectFwe":
		alpha /= n
	case "SelectFdr":
		sorted := slices.Clone(values)
		slices.Sort(sorted)
		limit := math.Inf(-1)
		for i, p := range sorted {
			if p <= alpha/n*float64(i+1) {
				limit = p
			}
		}
		alpha = math.Nextafter(limit, math.Inf(1))
	}
	mask := make([]bool, len(values))
	for i, p := range values {
		mask[i] = p < alpha
	}
	return mask
}

// important is by the coefficients or importances of a fitted model.
func (a *attrs) important() []bool {
	inner := a.within(a.first("estimator_", "estimator"))
	if getter := a.text("importance_getter", "auto"); getter != "auto" {
		a.refuse("importance_getter " + getter)
	}
	scores := a.importances(inner)
	if a.err == nil {
		a.err = inner.err
	}
	if a.err != nil || len(scores) == 0 {
		return nil
	}
	threshold := a.importance(inner, scores)
	mask := make([]bool, len(scores))
	order := ranked(negated(scores))
	if a.value("max_features") != nil {
		order = order[:min(len(order), max(0, a.integer(a.first("max_features_", "max_features"), 0)))]
	}
	for _, c := range order {
		mask[c] = scores[c] >= threshold
	}
	return mask
}

func negated(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = -x
	}
	return out
}

func (a *attrs) importances(inner *attrs) []float64 {
	if inner.value("coef_") == nil {
		return inner.featureImportances()
	}
	if order := a.number("norm_order", 1); order != 1 {
		a.refuse("norm_order other than 1")
	}
	coef := inner.matrix("coef_")
	scores := make([]float64, coef.cols)
	for k := range coef.rows {
		for c, v := range coef.row(k) {
			scores[c] += math.Abs(v)
		}
	}
	return scores
}

// importance reads threshold: a number, or "mean", "median" or "0.5*mean".
func (a *attrs) importance(inner *attrs, scores []float64) float64 {
	text, isText := a.value("threshold").(string)
	if !isText && a.value("threshold") != nil {
		return a.number("threshold", 0)
	}
	if !isText {
		if inner.text("penalty", "") == "l1" || strings.Contains(inner.class, "Lasso") || (inner.number("l1_ratio", 0) == 1 && inner.class != "SGDClassifier") {
			return 1e-5
		}
		text = "mean"
	}
	times := 1.0
	if scale, rest, found := strings.Cut(text, "*"); found {
		v, err := strconv.ParseFloat(strings.TrimSpace(scale), 64)
		if err != nil {
			a.fail("threshold", "%q is no threshold", text)
		}
		times, text = v, rest
	}
	switch strings.TrimSpace(text) {
	case "mean":
		sum := 0.0
		for _, s := range scores {
			sum += s
		}
		return times * (sum / float64(len(scores)))
	case "median":
		return times * median(scores)
	default:
		a.fail("threshold", "%q is no threshold", text)
		return 0
	}
}

func median(values []float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// recursive keeps what a search settled on.
func recursive(a *attrs) *estimator {
	var mask []bool
	for _, v := range a.floats("support_") {
		mask = append(mask, v != 0)
	}
	keep := picking(mask)
	if a.value("estimator_") == nil || a.err != nil {
		return keep
	}
	inner := a.child("estimator_")
	if a.err != nil {
		return nil
	}
	// It predicts, too, by the model that it ended with.
	e := chain([]named{{estimator: keep}, {estimator: inner}})
	e.ops = append(e.ops, keep.ops...)
	e.in = keep.in
	return e
}
