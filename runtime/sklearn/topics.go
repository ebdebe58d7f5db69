package sklearn

import (
	"context"
	"math"
)

// topics is latent Dirichlet allocation: each row is words' counts, and the answer is its shares of the topics.
type topics struct {
	words     *matrix // [topics, words]: exp of the expected logarithm of a word's probability
	prior     float64
	rounds    int
	tolerance float64
}

func topicModel(a *attrs) *estimator {
	t := &topics{words: a.matrix("exp_dirichlet_component_"), prior: a.number("doc_topic_prior_", 0), rounds: a.integer("max_doc_update_iter", 100), tolerance: a.number("mean_change_tol", 1e-3)}
	e := transformer(t.words.rows, func(ctx context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, t.words.rows)
		for i := range x.rows {
			if i%16 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			words, counts, err := countsOf(x, i)
			if err != nil {
				return nil, err
			}
			t.shares(words, counts, out.row(i))
			normalize(out.row(i))
		}
		return out, nil
	})
	e.in = input{cols: t.words.cols, isSparse: true}
	return e
}

// countsOf gives the words of a row that occur.
func countsOf(x *batch, row int) (words []int32, counts []float64, err error) {
	if x.sparse != nil {
		words, counts = x.sparse.row(row)
	} else {
		for c, v := range x.row(row) {
			if v != 0 {
				words, counts = append(words, int32(c)), append(counts, v)
			}
		}
	}
	for k, v := range counts {
		if v < 0 {
			return nil, nil, invalid("row %d has a negative value in column %d, which the model doesn't take", row, words[k])
		}
	}
	return words, counts, nil
}

// shares is the variational inference of Hoffman, Blei and Bach (2010), for one row.
func (t *topics) shares(words []int32, counts, to []float64) {
	expected := make([]float64, len(to))
	for k := range to {
		to[k] = 1
	}
	t.expect(to, expected)
	last, next := make([]float64, len(to)), make([]float64, len(to))
	for range t.rounds {
		copy(last, to)
		clear(next)
		for k, w := range words {
			norm := epsilon
			for topic, e := range expected {
				norm += e * t.words.row(topic)[w]
			}
			for topic := range next {
				next[topic] += counts[k] / norm * t.words.row(topic)[w]
			}
		}
		change := 0.0
		for k := range to {
			to[k] = expected[k]*next[k] + t.prior
			change += math.Abs(to[k] - last[k])
		}
		t.expect(to, expected)
		if change/float64(len(to)) < t.tolerance {
			return
		}
	}
}

// expect fills in exp of the expected logarithms of a Dirichlet distribution.
func (t *topics) expect(of, to []float64) {
	sum := 0.0
	for _, v := range of {
		sum += v
	}
	whole := digamma(sum)
	for k, v := range of {
		to[k] = math.Exp(digamma(v) - whole)
	}
}
