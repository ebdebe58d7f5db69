package xgboost

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// objective is what an objective makes of margins.
type objective struct {
	// margin turns base_score into a margin; nil: it is one.
	margin func(float32) float32
	// transform turns the margins of a row into predictions, in place; nil: they are.
	transform func(row []float32)
	// argmax says that the prediction is the number of the greatest margin.
	argmax bool
	// classes says that it predicts classes, or their probabilities.
	classes bool
}

func objectives() map[string]objective {
	identity := objective{}
	logistic := objective{margin: logit, transform: each(sigmoid)}
	exponential := objective{margin: log, transform: each(exp)}
	probability := logistic
	probability.classes = true
	return map[string]objective{
		"reg:squarederror": identity, "reg:linear": identity, "reg:squaredlogerror": identity, "reg:pseudohubererror": identity,
		"reg:absoluteerror": identity, "reg:quantileerror": identity,
		"rank:pairwise": identity, "rank:ndcg": identity, "rank:map": identity,
		"reg:logistic": logistic, "binary:logistic": probability,
		"binary:logitraw": {classes: true},
		"binary:hinge":    {transform: each(hinge), classes: true},
		"count:poisson":   exponential, "reg:gamma": exponential, "reg:tweedie": exponential, "survival:cox": exponential, "survival:aft": exponential,
		"multi:softmax":  {argmax: true, classes: true},
		"multi:softprob": {transform: softmax, classes: true},
	}
}

// objectiveOf finds an objective by the name that a file gives it, as the file's version understands it.
func objectiveOf(name string, v version) (objective, error) {
	all := objectives()
	if v.before(1, 3) {
		all["binary:logitraw"] = objective{margin: logit, classes: true}
	}
	o, ok := all[strings.TrimPrefix(name, "gpu:")] // as versions before 1.0 called them
	if !ok {
		names := make([]string, 0, len(all))
		for known := range all {
			names = append(names, known)
		}
		slices.Sort(names)
		return o, fmt.Errorf("its objective is %q; those that can be read are %s", name, strings.Join(names, ", "))
	}
	return o, nil
}

// each applies f to every margin.
func each(f func(float32) float32) func([]float32) {
	return func(row []float32) {
		for i, v := range row {
			row[i] = f(v)
		}
	}
}

func exp(x float32) float32 { return float32(math.Exp(float64(x))) }

func log(x float32) float32 { return float32(math.Log(float64(x))) }

// sigmoid bounds the exponent, as XGBoost does, so that exp doesn't overflow.
func sigmoid(x float32) float32 {
	const greatest = 88.7
	return 1 / (exp(min(-x, greatest)) + 1)
}

func logit(p float32) float32 { return -log(1/p - 1) }

func hinge(x float32) float32 {
	if x > 0 {
		return 1
	}
	return 0
}

func softmax(row []float32) {
	greatest := slices.Max(row)
	sum := 0.0
	for i, v := range row {
		row[i] = exp(v - greatest)
		sum += float64(row[i])
	}
	for i := range row {
		row[i] /= float32(sum)
	}
}

// greatest is the number of the first greatest value.
func greatest(row []float32) int {
	best := 0
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return best
}
