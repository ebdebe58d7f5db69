package xgboost

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/runtime/trees"
)

// booster is what a file says, in whichever format.
type booster struct {
	version      version
	features     int
	names, types []string
	classes      int // num_class: 0 for what isn't multi:*
	targets      int
	base         []float32 // one, or one for each group; versions before 1.0 saved margins
	objective    string
	attributes   map[string]string

	trees      []trees.Tree
	vector     bool
	parallel   int       // num_parallel_tree
	rounds     []int     // where each boosting round ends among the trees; nil: all rounds have groups·parallel trees
	linear     []float32 // weights of gblinear, [features+1, groups], the bias last; nil for trees
	categories [][]any   // for each feature, its categories in the order of their codes, string or float64; nil if there are none
	weights    []float32 // of dart's trees; nil: all 1
}

// version is the XGBoost that wrote a file: major and minor.
type version [2]int

func (v version) before(major, minor int) bool {
	return v[0] < major || v[0] == major && v[1] < minor
}

// versionOf reads a document's version; every version that wrote documents says it.
func versionOf(document object) (version, error) {
	numbers, err := document.numbers("version")
	if err != nil || len(numbers) < 2 {
		return version{1, 3}, err
	}
	major, err := whole(numbers[0], "version")
	if err != nil {
		return version{}, err
	}
	minor, err := whole(numbers[1], "version")
	return version{major, minor}, err
}

// groups is the number of margins for each row.
func (m *booster) groups() int { return max(m.classes, m.targets, 1) }

// modelOf reads a document: a model file, or what a Booster's pickle holds, with the model as one of its members.
func modelOf(document object) (*booster, error) {
	if inner, ok := document["Model"].(object); ok {
		document = inner
	}
	learner, err := document.object("learner")
	if err != nil {
		return nil, err
	}
	m := &booster{}
	if m.version, err = versionOf(document); err != nil {
		return nil, err
	}
	if err := m.readLearner(learner); err != nil {
		return nil, fmt.Errorf("learner: %w", err)
	}
	booster, err := learner.object("gradient_booster")
	if err != nil {
		return nil, fmt.Errorf("learner: %w", err)
	}
	if err := m.readBooster(booster); err != nil {
		return nil, fmt.Errorf("learner.gradient_booster: %w", err)
	}
	return m, m.check()
}

func (m *booster) readLearner(learner object) error {
	parameters, err := learner.object("learner_model_param")
	if err != nil {
		return err
	}
	numbers := []struct {
		key       string
		otherwise int
		to        *int
	}{{"num_feature", 0, &m.features}, {"num_class", 0, &m.classes}, {"num_target", 1, &m.targets}}
	for _, n := range numbers {
		if *n.to, err = parameters.parameter(n.key, n.otherwise); err != nil {
			return err
		}
	}
	base, err := parameters.text("base_score")
	if err != nil {
		return err
	}
	if m.base, err = parseBase(base); err != nil {
		return err
	}
	objective, err := learner.object("objective")
	if err != nil {
		return err
	}
	if m.objective, err = objective.text("name"); err != nil {
		return err
	}
	if m.names, err = texts(learner, "feature_names"); err != nil {
		return err
	}
	if m.types, err = texts(learner, "feature_types"); err != nil {
		return err
	}
	m.attributes = map[string]string{}
	if attributes, ok := learner["attributes"].(object); ok {
		for key := range attributes {
			m.attributes[key], _ = attributes.text(key)
		}
	}
	return nil
}

func texts(o object, key string) ([]string, error) {
	items, err := o.list(key)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(items))
	for i, item := range items {
		text, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("element %d of %q is %s, not a string", i, key, kindOf(item))
		}
		texts[i] = text
	}
	return texts, nil
}

// parseBase reads base_score: a number, or since 3.1 a list of them.
func parseBase(text string) ([]float32, error) {
	if text == "" {
		return []float32{0.5}, nil
	}
	var base []float32
	for item := range strings.SplitSeq(strings.Trim(text, "[]"), ",") {
		n, err := strconv.ParseFloat(strings.TrimSpace(item), 32)
		if err != nil {
			return nil, fmt.Errorf("\"base_score\" is %q, neither a number nor a list of numbers", text)
		}
		base = append(base, float32(n))
	}
	return base, nil
}

func (m *booster) readBooster(booster object) error {
	name, err := booster.text("name")
	if err != nil {
		return err
	}
	switch name {
	case "gbtree":
		return m.readTrees(booster)
	case "dart":
		inner, err := booster.object("gbtree")
		if err != nil {
			return err
		}
		weights, err := booster.numbers("weight_drop")
		if err != nil {
			return err
		}
		m.weights = single(weights)
		return m.readTrees(inner)
	case "gblinear":
		inner, err := booster.object("model")
		if err != nil {
			return err
		}
		weights, err := inner.numbers("weights")
		if err != nil {
			return err
		}
		m.linear = append([]float32{}, single(weights)...)
		return nil
	default:
		return fmt.Errorf("\"name\" is %q; gbtree, dart and gblinear can be read", name)
	}
}

func single(numbers []float64) []float32 {
	var narrow []float32
	for _, n := range numbers {
		narrow = append(narrow, float32(n))
	}
	return narrow
}

// check says what doesn't fit together.
func (m *booster) check() error {
	groups := m.groups()
	// What describes each feature and output takes memory of its own, however small the file.
	const most, unproven = 1 << 20, 1 << 12
	switch {
	case m.features > most:
		return fmt.Errorf("learner: %d features; at most %d can be read", m.features, most)
	case m.features < 0, m.classes < 0, m.targets < 0:
		return errors.New("learner: a negative number of features, classes or targets")
	case groups > most:
		return fmt.Errorf("learner: %d outputs for each row; at most %d can be read", groups, most)
	// An output takes a tree or a leaf's value of its own.
	case m.linear == nil && groups > unproven && !m.vector && groups > len(m.trees):
		return fmt.Errorf("learner: %d outputs for each row, and %d trees; each output has trees of its own", groups, len(m.trees))
	case len(m.base) != 1 && len(m.base) != groups:
		return fmt.Errorf("learner: base_score has %d numbers for %d outputs", len(m.base), groups)
	case len(m.names) > 0 && len(m.names) != m.features:
		return fmt.Errorf("learner: %d feature names for %d features", len(m.names), m.features)
	case len(m.types) > 0 && len(m.types) != m.features:
		return fmt.Errorf("learner: %d feature types for %d features", len(m.types), m.features)
	case m.linear != nil && len(m.linear) != (m.features+1)*groups:
		return fmt.Errorf("learner: %d weights for %d features and %d outputs; there have to be %d", len(m.linear), m.features, groups, (m.features+1)*groups)
	case len(m.categories) > m.features:
		return fmt.Errorf("learner: categories of %d features; the model has %d", len(m.categories), m.features)
	case len(m.weights) > len(m.trees):
		return fmt.Errorf("learner: %d weights of trees for %d trees", len(m.weights), len(m.trees))
	}
	_, err := objectiveOf(m.objective, m.version)
	return err
}
