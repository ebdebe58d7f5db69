package sklearn

import "math"

// bayesianOffsets are a Bayesian mixture's expectations of the logarithms of its weights and of its precisions' determinants, under the posterior
// (Bishop, Pattern Recognition and Machine Learning, 10.65 and 10.66).
func (a *attrs) bayesianOffsets(means *matrix) []float64 {
	degrees, precision := a.floats("degrees_of_freedom_"), a.floats("mean_precision_")
	out := a.logWeights(means.rows)
	if len(degrees) == 1 { // components that share a covariance share its degrees of freedom
		degrees = repeated(degrees[0], means.rows)
	}
	a.expect("degrees_of_freedom_", len(degrees), means.rows)
	a.expect("mean_precision_", len(precision), means.rows)
	if a.err != nil {
		return out
	}
	d := float64(means.cols)
	for k := range out {
		determinant := d * math.Ln2
		for j := range means.cols {
			determinant += digamma(0.5 * (degrees[k] - float64(j)))
		}
		out[k] += 0.5*(determinant-d/precision[k]) - 0.5*d*math.Log(degrees[k])
	}
	return out
}

func (a *attrs) logWeights(n int) []float64 {
	out := make([]float64, n)
	if a.text("weight_concentration_prior_type", "dirichlet_process") != "dirichlet_process" {
		counts, total := a.floats("weight_concentration_"), 0.0
		a.expect("weight_concentration_", len(counts), n)
		for _, c := range counts {
			total += c
		}
		for k := range min(n, len(counts)) {
			out[k] = digamma(counts[k]) - digamma(total)
		}
		return out
	}
	pair := itemsOf(a.need("weight_concentration_"))
	if len(pair) != 2 {
		a.fail("weight_concentration_", "expected a pair of arrays")
		return out
	}
	first, second := a.floatsOf("weight_concentration_", pair[0]), a.floatsOf("weight_concentration_", pair[1])
	a.expect("weight_concentration_", len(first), n)
	a.expect("weight_concentration_", len(second), n)
	if a.err != nil {
		return out
	}
	broken := 0.0 // what is left of the stick, as a logarithm
	for k := range out {
		sum := digamma(first[k] + second[k])
		out[k] = digamma(first[k]) - sum + broken
		broken += digamma(second[k]) - sum
	}
	return out
}

// digamma is the derivative of the logarithm of the gamma function, for numbers above zero: by its recurrence up to where the asymptotic series
// (Abramowitz and Stegun, 6.3.18) is exact to a float64.
func digamma(x float64) float64 {
	if !(x > 0) {
		return math.NaN()
	}
	shift := 0.0
	for ; x < 12; x++ {
		shift -= 1 / x
	}
	y := 1 / (x * x)
	series := y * (1.0/12 - y*(1.0/120-y*(1.0/252-y*(1.0/240-y*(1.0/132-y*(691.0/32760-y/12))))))
	return shift + math.Log(x) - 0.5/x - series
}
