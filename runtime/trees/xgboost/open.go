package xgboost

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// Interface is whose predict is meant: what comes out of one model differs by whom is asked.
type Interface int

// The interfaces.
const (
	// Booster is XGBoost's own: all rounds, probabilities or values as the objective has them.
	Booster Interface = iota
	// Classifier is XGBClassifier: classes, with their probabilities beside; with early stopping, rounds up to the best.
	Classifier
	// Regressor is XGBRegressor, and XGBRanker and the forests' XGBRFRegressor: the booster's values; with early stopping,
	// rounds up to the best.
	Regressor
	// AsSaved is the wrapper's that saved the file, as the file says it: a Classifier's, else a Regressor's.
	AsSaved
)

// Options say how a model is opened. The zero value is what Booster.predict gives.
type Options struct {
	// Threads is how many goroutines share a big batch; 0: GOMAXPROCS.
	Threads int
	// Interface is whose predict is answered.
	Interface Interface
	// Classes are a Classifier's labels in the order of the model's classes: []int64, []float64, []bool or []string; nil: 0, 1, ….
	Classes any
	// Missing is a value that counts as missing beside NaN, as a wrapper's parameter says; nil: none.
	Missing *float64
}

// Open reads a model file of any format.
func Open(path string, o Options) (tabular.Estimator, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	e, err := FromBytes(data, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// FromBytes reads a model from what a file holds, or from what a pickled Booster has as its handle.
func FromBytes(data []byte, o Options) (tabular.Estimator, error) {
	m, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("it can't be read as an XGBoost model: %w", err)
	}
	e, err := newEstimator(m, o)
	if err != nil {
		return nil, fmt.Errorf("it can't be served as an XGBoost model: %w", err)
	}
	return e, nil
}

// offsetMark stands before a pickled Booster of versions before 1.7: then the length of the binary model, the model, and the
// configuration as JSON.
const offsetMark = "CONFIG-offset:"

func read(data []byte) (*booster, error) {
	if rest, ok := bytes.CutPrefix(data, []byte(offsetMark)); ok {
		return readSnapshot(rest)
	}
	switch start := bytes.TrimLeft(data, " \t\r\n"); {
	case len(start) == 0:
		return nil, errors.New("it is empty")
	case bytes.HasPrefix(start, []byte("bs64")):
		return nil, errors.New("it is in the text format of before 0.8: load it with XGBoost and save it as .ubj or .json")
	case start[0] != '{':
		return readBinary(data)
	case isJSON(start):
		document, err := readJSON(data)
		if err != nil {
			return nil, err
		}
		return modelOf(document)
	default:
		document, err := readUBJSON(start)
		if err != nil {
			return nil, err
		}
		return modelOf(document)
	}
}

func readSnapshot(data []byte) (*booster, error) {
	if len(data) < 8 {
		return nil, errCutOff
	}
	size := binary.LittleEndian.Uint64(data)
	if size > uint64(len(data)-8) {
		return nil, errCutOff
	}
	return readBinary(data[8:][:size])
}

// isJSON tells JSON from UBJSON, which both begin with a brace: behind it JSON has a name in quotes or the end.
func isJSON(data []byte) bool {
	rest := bytes.TrimLeft(data[1:], " \t\r\n")
	return len(rest) > 0 && (rest[0] == '"' || rest[0] == '}')
}
