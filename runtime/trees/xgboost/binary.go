package xgboost

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/sluice-serving/sluice/runtime/trees"
)

// The binary format is the memory of XGBoost's structures, little-endian, as versions up to 3.0 save it.
const (
	learnerBytes     = 136 // LearnerModelParamLegacy
	treesBytes       = 160 // GBTreeModelParam
	treeBytes        = 148 // TreeParam
	nodeBytes        = 20  // RegTree::Node
	statisticsBytes  = 16  // RTreeNodeStat
	linearBytes      = 136 // GBLinearModelParam
	maxAttributes    = 1 << 16
	defaultLeftBit   = 1 << 31
	splitFeatureBits = defaultLeftBit - 1
)

// readBinary reads the binary format, behind its magic "binf" or without it.
func readBinary(data []byte) (*booster, error) {
	if len(data) >= 4 && string(data[:4]) == "binf" {
		data = data[4:]
	}
	r := binaryReader{data: data}
	m := &booster{attributes: map[string]string{}}
	hasAttributes, booster := r.learner(m)
	if r.err == nil {
		r.booster(m, booster)
	}
	if r.err == nil && hasAttributes {
		r.attributes(m)
	}
	if r.err != nil {
		return nil, fmt.Errorf("byte %d: %w", r.at, r.err)
	}
	return m, m.check()
}

// binaryReader keeps the first error; what it gives after that is zero.
type binaryReader struct {
	data []byte
	at   int
	err  error
}

// take gives the next n bytes, or nil if there are fewer.
func (r *binaryReader) take(n int) []byte {
	if r.err == nil && (n < 0 || n > len(r.data)-r.at) {
		r.err = errCutOff
	}
	if r.err != nil {
		return nil
	}
	taken := r.data[r.at:][:n]
	r.at += n
	return taken
}

// length reads how many elements of size bytes or more follow.
func (r *binaryReader) length(size int) int {
	b := r.take(8)
	if b == nil {
		return 0
	}
	n := binary.LittleEndian.Uint64(b)
	if n > uint64((len(r.data)-r.at)/size) {
		r.err = fmt.Errorf("a length of %d with %d bytes left; it is cut off, damaged or no XGBoost model", n, len(r.data)-r.at)
		return 0
	}
	return int(n)
}

func (r *binaryReader) text() string { return string(r.take(r.length(1))) }

func (r *binaryReader) floats() []float32 {
	n := r.length(4)
	b := r.take(4 * n)
	if b == nil {
		return nil
	}
	floats := make([]float32, n)
	for i := range floats {
		floats[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return floats
}

// word reads the i-th 32-bit integer of a structure.
func word(b []byte, i int) int { return int(int32(binary.LittleEndian.Uint32(b[4*i:]))) }

// learner reads the header, and gives the booster's name and whether attributes follow it.
func (r *binaryReader) learner(m *booster) (hasAttributes bool, booster string) {
	b := r.take(learnerBytes)
	if b == nil {
		return false, ""
	}
	m.base = []float32{math.Float32frombits(binary.LittleEndian.Uint32(b))}
	m.features, m.classes = word(b, 1), word(b, 2)
	hasAttributes = word(b, 3) != 0
	m.version = version{word(b, 5), word(b, 6)} // 0, 0 before 1.0
	m.targets = max(word(b, 7), 1)
	m.objective = r.text()
	return hasAttributes, r.text()
}

func (r *binaryReader) booster(m *booster, name string) {
	switch name {
	case "gbtree":
		r.trees(m)
	case "dart":
		r.trees(m)
		if len(m.trees) > 0 {
			m.weights = r.floats()
		}
	case "gblinear":
		r.take(linearBytes)
		m.linear = append([]float32{}, r.floats()...)
	default:
		r.err = fmt.Errorf("its booster is %.40q, its objective %.40q; it is damaged or no XGBoost model", name, m.objective)
	}
}

func (r *binaryReader) trees(m *booster) {
	b := r.take(treesBytes)
	if b == nil {
		return
	}
	count := word(b, 0)
	m.parallel = max(word(b, 1), 1)
	if count < 0 || count > (len(r.data)-r.at)/treeBytes {
		r.err = fmt.Errorf("%d trees with %d bytes left; it is cut off or damaged", count, len(r.data)-r.at)
		return
	}
	for i := range count {
		t := r.tree()
		if r.err != nil {
			r.err = fmt.Errorf("tree %d: %w", i, r.err)
			return
		}
		m.trees = append(m.trees, t)
	}
	groups := r.take(4 * count)
	if groups == nil {
		return
	}
	for i := range m.trees {
		m.trees[i].Group = word(groups, i)
	}
}

func (r *binaryReader) tree() trees.Tree {
	b := r.take(treeBytes)
	if b == nil {
		return trees.Tree{}
	}
	count, leafVector := word(b, 1), word(b, 5)
	switch {
	case leafVector > 1:
		r.err = errors.New("its leaves are vectors, which the binary format can't hold")
		return trees.Tree{}
	case count < 0 || count > (len(r.data)-r.at)/(nodeBytes+statisticsBytes):
		r.err = fmt.Errorf("%d nodes with %d bytes left; it is cut off or damaged", count, len(r.data)-r.at)
		return trees.Tree{}
	}
	nodes := r.take(count * nodeBytes)
	r.take(count * statisticsBytes)
	t := trees.Tree{Nodes: make([]trees.Node, count)}
	for i := range t.Nodes {
		n, b := &t.Nodes[i], nodes[i*nodeBytes:]
		value := float64(math.Float32frombits(binary.LittleEndian.Uint32(b[16:])))
		if word(b, 1) == leafChild {
			n.Leaf = len(t.Leaves)
			t.Leaves = append(t.Leaves, value)
			continue
		}
		feature := binary.LittleEndian.Uint32(b[12:])
		n.Split, n.Threshold, n.Left, n.Right, n.Feature = trees.Less, value, word(b, 1), word(b, 2), int(feature&splitFeatureBits)
		if feature&defaultLeftBit != 0 {
			n.Missing = trees.MissingLeft
		}
	}
	return t
}

// attributes are the only thing behind the booster that says something of predictions.
func (r *binaryReader) attributes(m *booster) {
	n := r.length(16)
	if n > maxAttributes {
		r.err = fmt.Errorf("%d attributes; at most %d can be read", n, maxAttributes)
	}
	for range n {
		key := r.text()
		m.attributes[key] = r.text()
	}
}
