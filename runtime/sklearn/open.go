package sklearn

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// Formats are the endings of the files that Open reads.
func Formats() []string { return []string{".joblib", ".pkl", ".pickle"} }

// Open reads a model that pickle or joblib wrote, compressed or not. An error is an [*UnsupportedError] where the model isn't served natively, a
// [*BrokenError] where an estimator isn't whole, or one of package pickle's.
func Open(path string) (tabular.Estimator, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	e, err := FromBytes(data)
	if unsupported := (*UnsupportedError)(nil); errors.As(err, &unsupported) {
		unsupported.Path = path
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// FromBytes reads a model from a file's content.
func FromBytes(data []byte) (tabular.Estimator, error) {
	root, err := pickle.Read(data, pickle.Limits{})
	if err != nil {
		return nil, err
	}
	l := &loader{}
	e, err := l.estimator(root, "")
	if err != nil {
		return nil, err
	}
	if len(e.ops) == 0 {
		return nil, &UnsupportedError{Class: "an estimator without predict and transform"}
	}
	return &served{root: e}, nil
}

// loader makes estimators of a file's values.
type loader struct{ depth int }

// maxDepth is how deep estimators may stand within each other. A graph with a cycle passes it.
const maxDepth = 32

// maker makes an estimator of its attributes; it leaves what is wrong in a.err.
type maker func(a *attrs) *estimator

func (l *loader) estimator(v pickle.Value, version string) (*estimator, error) {
	o, ok := v.(*pickle.Object)
	if !ok {
		return nil, &UnsupportedError{Class: "a file that holds no estimator but " + describe(v), Version: version, Remedy: "save the fitted estimator itself"}
	}
	if l.depth >= maxDepth {
		return nil, &UnsupportedError{Class: fmt.Sprintf("a model of more than %d estimators within each other", maxDepth), Version: version}
	}
	l.depth++
	defer func() { l.depth-- }()
	a := &attrs{object: o, class: o.Name, version: version, loader: l}
	a.version = a.text("_sklearn_version", version)
	if other, err := foreign(a); other != nil || err != nil {
		return other, err
	}
	if o.Module != "sklearn" && !strings.HasPrefix(o.Module, "sklearn.") {
		return nil, &UnsupportedError{Class: o.Module + "." + o.Name, Version: a.version}
	}
	build := makerOf(o.Name)
	if build == nil {
		why := unserved(o.Name)
		return nil, &UnsupportedError{Class: o.Module + "." + o.Name, Version: a.version, Why: why.reason, Remedy: why.remedy}
	}
	return a.make(build)
}

func (a *attrs) make(build maker) (*estimator, error) {
	e := build(a)
	if a.err != nil {
		return nil, a.err
	}
	a.features(e)
	return e, a.err
}

// features completes what an estimator takes by what the file says for all classes alike. The number of columns is the maker's to say, by what is
// fitted: taken from the file, it would let rows through that an empty array has no place for.
func (a *attrs) features(e *estimator) {
	if e.in.names == nil {
		e.in.names = a.texts("feature_names_in_")
	}
	n := a.integer("n_features_in_", e.in.cols)
	if e.in.cols == 0 {
		a.fail("n_features_in_", "the estimator is fitted on no columns")
	}
	if e.in.cols != n {
		a.fail("n_features_in_", "the estimator is fitted on %d columns, and this says %d", e.in.cols, n)
	}
	if e.in.names != nil && e.in.cols >= 0 {
		a.expect("feature_names_in_", len(e.in.names), e.in.cols)
	}
}

// makerOf finds the family that a class belongs to.
func makerOf(class string) maker {
	for _, family := range families() {
		if build := family(class); build != nil {
			return build
		}
	}
	return nil
}

func describe(v pickle.Value) string {
	switch v.(type) {
	case *pickle.Dict:
		return "a dict"
	case *pickle.List, *pickle.Tuple:
		return "a list"
	case *pickle.Array:
		return "an array"
	default:
		return "a plain value"
	}
}
