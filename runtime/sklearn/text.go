package sklearn

import (
	"context"
	_ "embed"
	"math"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

func textFamily(class string) maker {
	switch class {
	case "CountVectorizer":
		return func(a *attrs) *estimator {
			e := a.vectorizer()
			if a.refersTo("dtype") == "numpy.int64" {
				e.ops[0].datatype = oip.Int64
			}
			return e
		}
	case "TfidfVectorizer":
		return func(a *attrs) *estimator {
			words := a.vectorizer()
			weights := a.child("_tfidf")
			if a.err != nil {
				return nil
			}
			e := chain([]named{{estimator: words}, {estimator: weights}})
			e.in = words.in
			return e
		}
	case "HashingVectorizer":
		return hashing
	case "TfidfTransformer":
		return inverseFrequency
	}
	return nil
}

// documentInput is one column of texts.
func documentInput() input {
	return input{cols: 1, kinds: []tabular.Kind{tabular.Text}, isMixed: true, accepts: anything}
}

// documents are the texts of a batch of one column.
func documents(x *batch) ([]string, error) {
	if x.rows == 0 {
		return nil, nil
	}
	if x.columns == nil || x.columns[0].Texts == nil {
		return nil, invalid("rows hold numbers, and the model takes a text")
	}
	if missing := x.columns[0].Missing; missing != nil {
		if i := slices.Index(missing, true); i >= 0 {
			return nil, invalid("row %d has no text", i)
		}
	}
	return x.columns[0].Texts, nil
}

// vectorizer counts the words of a vocabulary.
func (a *attrs) vectorizer() *estimator {
	analyzer := a.analyzer()
	vocabulary := a.vocabulary()
	binary := a.flag("binary", false)
	cols := len(vocabulary)
	e := transformer(cols, func(ctx context.Context, x *batch) (*batch, error) {
		index := func(term []byte) (int32, float64, bool) {
			at, ok := vocabulary[string(term)]
			return at, 1, ok
		}
		return analyzer.count(ctx, x, cols, binary, index)
	})
	e.in = documentInput()
	return e
}

func (a *attrs) vocabulary() map[string]int32 {
	d, ok := a.need("vocabulary_").(*pickle.Dict)
	if !ok {
		a.fail("vocabulary_", "expected a dict of words")
		return nil
	}
	out := make(map[string]int32, len(d.Keys))
	for i, key := range d.Keys {
		word, isText := key.(string)
		at, isNumber := pickle.Int(d.Values[i])
		if !isText || !isNumber || at < 0 || at >= int64(len(d.Keys)) {
			a.fail("vocabulary_", "entry %d isn't a word with its column", i)
			return nil
		}
		out[word] = int32(at)
	}
	return out
}

// count makes sparse rows of the terms that index knows: a column and a value for each.
func (z *analyzer) count(ctx context.Context, x *batch, cols int, binary bool, index func([]byte) (int32, float64, bool)) (*batch, error) {
	texts, err := documents(x)
	if err != nil {
		return nil, err
	}
	out := &sparse{rows: x.rows, cols: cols, starts: make([]int, 1, x.rows+1)}
	place := map[int32]int{} // of a column among this row's
	scratch := &terms{}
	for i, text := range texts {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		clear(place)
		z.each(text, scratch, func(term []byte) {
			at, v, known := index(term)
			if !known {
				return
			}
			if k, met := place[at]; met {
				out.values[k] += v
				return
			}
			place[at] = len(out.values)
			out.indices = append(out.indices, at)
			out.values = append(out.values, v)
		})
		from := out.starts[i]
		if binary {
			for k := from; k < len(out.values); k++ {
				out.values[k] = 1
			}
		}
		scratch.sortRow(out.indices[from:], out.values[from:])
		out.starts = append(out.starts, len(out.values))
	}
	return out.batch(), nil
}

// entry is a value with its column.
type entry struct {
	at int32
	v  float64
}

// sortRow orders a row by column, as the library's matrices are, so that sums run in the same order.
func (t *terms) sortRow(indices []int32, values []float64) {
	t.entries = t.entries[:0]
	for i, at := range indices {
		t.entries = append(t.entries, entry{at, values[i]})
	}
	slices.SortFunc(t.entries, func(x, y entry) int { return int(x.at) - int(y.at) })
	for i, e := range t.entries {
		indices[i], values[i] = e.at, e.v
	}
}

func hashing(a *attrs) *estimator {
	analyzer := a.analyzer()
	cols := a.integer("n_features", 1<<20)
	if cols < 1 || cols > math.MaxInt32 {
		a.fail("n_features", "%d columns", cols)
		return nil
	}
	signed, binary := a.flag("alternate_sign", true), a.flag("binary", false)
	normalize := a.norm()
	e := transformer(cols, func(ctx context.Context, x *batch) (*batch, error) {
		y, err := analyzer.count(ctx, x, cols, binary, func(term []byte) (int32, float64, bool) {
			h := int64(int32(murmur(term)))
			v := 1.0
			if signed && h < 0 {
				v = -1
			}
			if h < 0 {
				h = -h
			}
			return int32(h % int64(cols)), v, true
		})
		if err != nil {
			return nil, err
		}
		return normalize(y), nil
	})
	e.in = documentInput()
	return e
}

// norm reads norm: l1, l2 or none.
func (a *attrs) norm() func(*batch) *batch {
	switch kind := a.text("norm", ""); kind {
	case "":
		return func(b *batch) *batch { return b }
	case "l1", "l2":
		inner := normalizer(&attrs{object: a.object, class: "Normalizer", version: a.version, loader: a.loader})
		return func(b *batch) *batch {
			y, err := inner.ops[0].run(context.Background(), b)
			if err != nil {
				return b
			}
			return y
		}
	default:
		a.refuse("norm " + kind)
		return nil
	}
}

// inverseFrequency weighs counts by how rare their words are.
func inverseFrequency(a *attrs) *estimator {
	var idf []float64
	if a.flag("use_idf", true) {
		idf = a.inverseFrequencies()
	}
	logarithm := a.flag("sublinear_tf", false)
	normalize := a.norm()
	e := transformer(-1, func(_ context.Context, x *batch) (*batch, error) {
		s := sparseOf(x)
		if idf != nil && len(idf) != s.cols {
			return nil, invalid("rows have %d columns, and the model takes %d", s.cols, len(idf))
		}
		y := s.scaled(func(c int32, v float64) float64 {
			if logarithm {
				v = math.Log(v) + 1
			}
			if idf != nil {
				v *= idf[c]
			}
			return v
		})
		return normalize(y.batch()), nil
	})
	e.in = input{cols: a.integer("n_features_in_", -1), isSparse: true}
	e.ops[0].cols = e.in.cols
	return e
}

// inverseFrequencies reads idf_, which older versions keep as a diagonal matrix.
func (a *attrs) inverseFrequencies() []float64 {
	if a.value("_idf_diag") == nil {
		return a.floats("idf_")
	}
	inner := a.within("_idf_diag")
	values := inner.floats("data")
	if a.err == nil {
		a.err = inner.err
	}
	return values
}

//go:embed stopwords.txt
var englishStopWords string // scikit-learn's list (BSD-3-Clause), after the Glasgow Information Retrieval Group's

func (a *attrs) stopWords() map[string]bool {
	var words []string
	switch v := a.value("stop_words").(type) {
	case nil:
		return nil
	case string:
		if v != "english" {
			a.refuse("stop words " + v)
		}
		words = strings.Fields(englishStopWords)
	default:
		words = a.texts("stop_words")
	}
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[w] = true
	}
	return out
}

// murmur is MurmurHash3 of 32 bits with seed 0 (Appleby).
func murmur(key []byte) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	h := uint32(0)
	mix := func(k uint32) uint32 {
		k *= c1
		k = k<<15 | k>>17
		return k * c2
	}
	n := len(key)
	for ; len(key) >= 4; key = key[4:] {
		h ^= mix(uint32(key[0]) | uint32(key[1])<<8 | uint32(key[2])<<16 | uint32(key[3])<<24)
		h = h<<13 | h>>19
		h = h*5 + 0xe6546b64
	}
	tail := uint32(0)
	for i := len(key) - 1; i >= 0; i-- {
		tail = tail<<8 | uint32(key[i])
	}
	if len(key) > 0 {
		h ^= mix(tail)
	}
	h ^= uint32(n)
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}
