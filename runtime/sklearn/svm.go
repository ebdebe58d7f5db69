package sklearn

import (
	"context"
	"math"
)

// svm is what libsvm fits: support vectors, sorted by class, with their coefficients.
type svm struct {
	kernel    kernel
	vectors   *matrix
	coef      *matrix   // [classes-1, vectors], as libsvm has them
	intercept []float64 // one for each pair of classes
	starts    []int     // where the vectors of each class begin; nil of a regression
}

// kernel is a function of two rows.
type kernel struct {
	kind          string
	gamma, offset float64
	degree        int
}

func svmFamily(class string) maker {
	switch class {
	case "SVC", "NuSVC":
		return supportClassifier
	case "SVR", "NuSVR":
		return func(a *attrs) *estimator {
			s := a.svm(false)
			e := regressor(0, s.single)
			e.in.cols = s.vectors.cols
			return e
		}
	case "OneClassSVM":
		return func(a *attrs) *estimator {
			s, offset := a.svm(false), a.number("offset_", 0)
			e := outliers(op{name: decision, run: s.single}, op{name: scoring, run: func(ctx context.Context, x *batch) (*batch, error) {
				y, err := s.single(ctx, x)
				if err == nil {
					for i := range y.dense {
						y.dense[i] += offset
					}
				}
				return y, err
			}})
			e.in.cols = s.vectors.cols
			return e
		}
	}
	return nil
}

func (a *attrs) svm(classes bool) *svm {
	s := &svm{vectors: a.matrix("support_vectors_"), coef: a.matrix(a.first("_dual_coef_", "dual_coef_")),
		intercept: a.floats(a.first("_intercept_", "intercept_"))}
	s.kernel = kernel{kind: a.text("kernel", ""), gamma: a.number("_gamma", 0), offset: a.number("coef0", 0), degree: a.integer("degree", 3)}
	switch s.kernel.kind {
	case "linear", "rbf", "poly", "sigmoid":
	default:
		a.refuse("a kernel that is precomputed or a function of its own")
	}
	a.expect("dual_coef_ (columns)", s.coef.cols, s.vectors.rows)
	if a.err != nil {
		return s
	}
	pairs := 1
	if classes {
		s.starts = []int{0}
		for _, n := range a.ints(a.first("_n_support", "n_support_")) {
			if n < 0 {
				a.fail("_n_support", "a negative number of vectors")
			}
			s.starts = append(s.starts, s.starts[len(s.starts)-1]+int(n))
		}
		n := len(s.starts) - 1
		a.expect("_n_support", s.starts[n], s.vectors.rows)
		a.expect("dual_coef_", s.coef.rows, n-1)
		pairs = n * (n - 1) / 2
	} else {
		a.expect("dual_coef_", s.coef.rows, 1)
	}
	a.expect("intercept_", len(s.intercept), pairs)
	return s
}

// values fills in the kernel of a row with every support vector.
func (s *svm) values(x, to []float64) {
	for i := range to {
		to[i] = s.kernel.of(x, s.vectors.row(i))
	}
}

// power multiplies as libsvm's powi does.
func power(base float64, times int) float64 {
	out := 1.0
	for ; times > 0; times /= 2 {
		if times%2 == 1 {
			out *= base
		}
		base *= base
	}
	return out
}

// single is the decision function of a regression or a detector.
func (s *svm) single(ctx context.Context, x *batch) (*batch, error) {
	out := make([]float64, x.rows)
	kernel := make([]float64, s.vectors.rows)
	for i := range out {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.values(x.row(i), kernel)
		out[i] = dot(s.coef.v, kernel) + s.intercept[0]
	}
	return vector(out), nil
}

// pairwise gives, for each row, libsvm's decision value of every pair of classes: above zero is a vote for the first.
func (s *svm) pairwise(ctx context.Context, x *batch) (*batch, error) {
	n := len(s.starts) - 1
	out := dense(x.rows, len(s.intercept))
	kernel := make([]float64, s.vectors.rows)
	for r := range x.rows {
		if r%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.values(x.row(r), kernel)
		to, pair := out.row(r), 0
		for i := range n {
			for j := i + 1; j < n; j++ {
				first, second := s.starts[i], s.starts[j]
				endFirst, endSecond := s.starts[i+1], s.starts[j+1]
				to[pair] = dot(kernel[first:endFirst], s.coef.row(j - 1)[first:endFirst]) +
					dot(kernel[second:endSecond], s.coef.row(i)[second:endSecond]) + s.intercept[pair]
				pair++
			}
		}
	}
	return out, nil
}

func supportClassifier(a *attrs) *estimator {
	s, classes := a.svm(true), a.classes()
	n := classes.len()
	if a.err == nil {
		a.expect("classes_", n, len(s.starts)-1)
	}
	if a.err != nil || n < 2 {
		return nil
	}
	shape := a.text("decision_function_shape", "ovr")
	decide := op{name: decision, cols: len(s.intercept), run: s.pairwise}
	switch {
	case n == 2:
		decide = op{name: decision, run: s.binaryDecision}
	case shape == "ovr":
		decide = op{name: decision, cols: n, run: s.votes}
	}
	predicted := op{name: predict, labels: classes, run: func(ctx context.Context, x *batch) (*batch, error) {
		y, err := s.pairwise(ctx, x)
		if err != nil {
			return nil, err
		}
		return mostVoted(y, classes), nil
	}}
	if a.flag("break_ties", false) && shape == "ovr" && n > 2 {
		predicted.run = func(ctx context.Context, x *batch) (*batch, error) {
			y, err := s.votes(ctx, x)
			if err != nil {
				return nil, err
			}
			return choose(y, classes), nil
		}
	}
	e := &estimator{in: input{cols: s.vectors.cols}, classes: []*labels{classes}, ops: []op{predicted, decide}}
	a.plattScaling(e, s, n)
	return e
}

// binaryDecision is positive for the second class, other than libsvm's.
func (s *svm) binaryDecision(ctx context.Context, x *batch) (*batch, error) {
	y, err := s.pairwise(ctx, x)
	if err != nil {
		return nil, err
	}
	for i := range y.dense {
		y.dense[i] = -y.dense[i]
	}
	y.vector = true
	return y, nil
}

func mostVoted(y *batch, classes *labels) *batch {
	n := classes.len()
	codes := make([]int32, y.rows)
	votes := make([]float64, n)
	for r := range codes {
		clear(votes)
		pair := 0
		for i := range n {
			for j := i + 1; j < n; j++ {
				if y.row(r)[pair] > 0 {
					votes[i]++
				} else {
					votes[j]++
				}
				pair++
			}
		}
		codes[r] = int32(argmax(votes))
	}
	return &batch{rows: y.rows, cols: 1, vector: true, codes: codes, labels: []*labels{classes}}
}

// votes is the decision function of shape ovr: votes, with the sum of the decision values squeezed to less than half a vote.
func (s *svm) votes(ctx context.Context, x *batch) (*batch, error) {
	y, err := s.pairwise(ctx, x)
	if err != nil {
		return nil, err
	}
	return votesOf(y, len(s.starts)-1), nil
}

// votesOf sums pairs up; a value above zero is for the first class of its pair.
func votesOf(y *batch, n int) *batch {
	out := dense(y.rows, n)
	confidence := make([]float64, n)
	for r := range y.rows {
		clear(confidence)
		to, pair := out.row(r), 0
		for i := range n {
			for j := i + 1; j < n; j++ {
				v := y.row(r)[pair]
				confidence[i] += v
				confidence[j] -= v
				if v < 0 {
					to[j]++
				} else {
					to[i]++
				}
				pair++
			}
		}
		for k, c := range confidence {
			to[k] += c / (3 * (math.Abs(c) + 1))
		}
	}
	return out
}
