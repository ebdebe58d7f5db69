package lightgbm

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/runtime/trees"
)

// booster is what a file says.
type booster struct {
	names     []string
	infos     []string // what values each feature had: [least:greatest], the categories with colons between, or none
	groups    int      // trees of an iteration, and numbers of a row
	objective string   // "" if it was a function of the user's
	average   bool     // the sums are divided by the number of iterations: a random forest
	trees     []trees.Tree
	labels    [][]string // the texts of each feature's categories by their codes; nil if there are none
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
	return b, b.readPandas(l)
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

// readPandas reads the last line of a model of a data frame: the categories of each of its columns of categories.
func (b *booster) readPandas(l *lines) error {
	const mark = "pandas_categorical:"
	var columns [][]any
	for {
		line, ok := l.next()
		if !ok {
			return nil
		}
		if text, found := strings.CutPrefix(line, mark); found {
			if err := json.Unmarshal([]byte(text), &columns); err != nil {
				return fmt.Errorf("line %d: what stands behind %q: %w", l.number, mark, err)
			}
			break
		}
	}
	features := b.categorical(len(columns))
	if features == nil {
		return nil
	}
	b.labels = make([][]string, len(b.names))
	for i, categories := range columns {
		labels := make([]string, 0, len(categories))
		for _, category := range categories {
			if text, ok := category.(string); ok {
				labels = append(labels, text)
			}
		}
		if len(labels) == len(categories) && len(labels) > 0 { // else they are numbers, which stand for themselves
			b.labels[features[i]] = labels
		}
	}
	return nil
}

// categorical gives the count features whose values were categories. The file doesn't say which columns of the data frame
// were: they are those whose infos list categories, or, if that is too few, also those that had but one value. It gives nil
// if they can't be told.
func (b *booster) categorical(count int) []int {
	var listed, possible []int
	for i, info := range b.infos {
		if _, err := strconv.Atoi(strings.Split(info, ":")[0]); err == nil {
			listed, possible = append(listed, i), append(possible, i)
		} else if info == "none" {
			possible = append(possible, i)
		}
	}
	switch {
	case count > 0 && len(listed) == count:
		return listed
	case count > 0 && len(possible) == count:
		return possible
	default:
		return nil
	}
}
