package lightgbm

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sluice-serving/sluice/runtime/trees"
)

// booster is what a file says.
type booster struct {
	names     []string
	infos     []string // what values each feature had: [least:greatest], the categories with colons between, or none
	groups    int      // trees of an iteration, and numbers of a row
	objective string   // "" if it was a function of the user's
	declared  []int    // the features whose values were unordered categories, if the parameters say so
	average   bool     // the sums are divided by the number of iterations: a random forest
	trees     []trees.Tree
	pandas    [][]any // the categories of each of a data frame's columns of categories, by their codes
}

// maxFeatures bounds what describes each feature, which takes memory of its own, however small the file.
const maxFeatures = 1 << 20

func read(data []byte) (*booster, error) {
	l := &lines{rest: data}
	if first, _ := l.next(); first != "tree" {
		return nil, fmt.Errorf("it begins with %.40q; a LightGBM model begins with the line \"tree\"", first)
	}
	b := &booster{}
	if err := b.header(l.section()); err != nil {
		return nil, err
	}
	for {
		line, ok := l.next()
		if !ok {
			return nil, errors.New("it ends before \"end of trees\"; it is cut off")
		}
		if line == "end of trees" {
			break
		}
		if !strings.HasPrefix(line, "Tree=") {
			if line == "" {
				continue
			}
			return nil, fmt.Errorf("line %d: %.40q where a tree has to be", l.number, line)
		}
		start := l.number
		t, err := readTree(l.section())
		if err != nil {
			return nil, fmt.Errorf("tree %d (line %d): %w", len(b.trees), start, err)
		}
		t.Group = len(b.trees) % b.groups
		b.trees = append(b.trees, t)
	}
	if len(b.trees)%b.groups != 0 {
		return nil, fmt.Errorf("%d trees, which is no multiple of the %d of an iteration", len(b.trees), b.groups)
	}
	return b, b.readRest(l)
}

func (b *booster) header(s section) error {
	if _, err := s.whole("num_class"); err != nil {
		return err
	}
	last, err := s.whole("max_feature_idx")
	if err != nil {
		return err
	}
	if b.groups, err = s.whole("num_tree_per_iteration"); errors.Is(err, errMissing) {
		b.groups, err = s.whole("num_class")
	}
	switch {
	case err != nil:
		return err
	case last < 0 || last >= maxFeatures:
		return fmt.Errorf("max_feature_idx: %d; from 0 up to %d can be read", last, maxFeatures-1)
	case b.groups < 1 || b.groups > maxFeatures:
		return fmt.Errorf("num_tree_per_iteration: %d; from 1 up to %d can be read", b.groups, maxFeatures)
	}
	if b.names, err = s.fields("feature_names", last+1); err != nil {
		return err
	}
	if b.infos, err = s.fields("feature_infos", last+1); err != nil {
		return err
	}
	b.objective = strings.TrimSpace(s["objective"])
	_, b.average = s["average_output"]
	return nil
}
