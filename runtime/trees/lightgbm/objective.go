package lightgbm

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// objective is what an objective makes of the sums.
type objective struct {
	// transform turns the sums of a row into predictions, in place; nil: they are.
	transform func(row []float64)
	// classes says that it predicts the probabilities of classes.
	classes bool
}

// parseObjective reads an objective as files have it: its name, then parameters such as sigmoid:1. A model that was trained
// with a function of the user's has none; its sums are its predictions.
func parseObjective(text string) (objective, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return objective{}, nil
	}
	sigmoid, root := 1.0, false
	for _, parameter := range fields[1:] {
		key, value, _ := strings.Cut(parameter, ":")
		switch key {
		case "sqrt":
			root = true
		case "sigmoid":
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return objective{}, fmt.Errorf("objective: %q: its sigmoid is no number", text)
			}
			sigmoid = n
		}
	}
	switch fields[0] {
	case "regression", "regression_l2", "regression_l1", "huber", "fair", "quantile", "mape":
		if root {
			return objective{transform: each(signedSquare)}, nil
		}
		return objective{}, nil
	case "poisson", "gamma", "tweedie":
		return objective{transform: each(math.Exp)}, nil
	case "binary", "multiclassova":
		return objective{transform: each(func(x float64) float64 { return 1 / (1 + math.Exp(-sigmoid*x)) }), classes: true}, nil
	case "multiclass":
		return objective{transform: softmax, classes: true}, nil
	case "cross_entropy":
		return objective{transform: each(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })}, nil
	case "cross_entropy_lambda":
		return objective{transform: each(func(x float64) float64 { return math.Log1p(math.Exp(x)) })}, nil
	case "lambdarank", "rank_xendcg", "custom", "none", "null":
		return objective{}, nil
	default:
		return objective{}, fmt.Errorf("objective: %q is unknown", fields[0])
	}
}

// each applies f to every sum.
func each(f func(float64) float64) func([]float64) {
	return func(row []float64) {
		for i, v := range row {
			row[i] = f(v)
		}
	}
}

// signedSquare undoes reg_sqrt, which trains with the roots of the labels.
func signedSquare(x float64) float64 {
	if x < 0 {
		return -x * x
	}
	return x * x
}

func softmax(row []float64) {
	greatest := slices.Max(row)
	sum := 0.0
	for i, v := range row {
		row[i] = math.Exp(v - greatest)
		sum += row[i]
	}
	for i := range row {
		row[i] /= sum
	}
}
