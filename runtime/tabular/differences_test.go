package tabular_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// difference is of requests that are answered otherwise here, on purpose.
type difference struct {
	about        []string // of the requests; empty: of any
	models       []string // empty: any
	theirs, ours int      // classes of status: 2, 4 or 5; both 2 where the values differ
	why          string
	seen         bool
}

func (d difference) covers(c asked, status int) bool {
	return c.Status/100 == d.theirs && status/100 == d.ours && (len(d.about) == 0 || slices.Contains(d.about, c.About)) &&
		(len(d.models) == 0 || slices.Contains(d.models, c.Model))
}

// differences from a server. A request that stands in several rows is the first one's.
func differences(from tabular.Answers) []difference {
	all := []difference{
		{theirs: 5, ours: 4, why: "their code fails at a client's mistake; here it is named with the tensor, feature or row"},
		{theirs: 5, ours: 2, models: []string{"scaler"}, why: "they call predict of a transformer; here its transform is what it answers"},
		{theirs: 5, ours: 2, about: []string{"columns in another order"}, why: "named columns are put in the model's order"},
		{theirs: 5, ours: 2, about: []string{"no rows"}, why: "a batch without rows has an answer without rows; scikit-learn refuses it"},
		{theirs: 2, ours: 2, about: []string{"no rows"}, models: []string{"xgbclassifier", "lgbclasses"}, why: "an answer without rows has the width that one with rows has"},
		{theirs: 5, ours: 2, about: []string{"pd of one tensor", "str of numbers"}, why: "the tensor's datatype says what it holds, whatever its content type"},
		{theirs: 2, ours: 4, about: []string{"an open shape"}, why: "the protocol has a tensor's shape be its data's; -1 stands in metadata alone"},
		{theirs: 2, ours: 2, about: []string{"pd of texts"}, why: "they predict the name of the table's column in place of its texts"},
	}
	if from == tabular.KServe {
		return append(all,
			difference{theirs: 5, ours: 2, models: []string{"named"}, about: []string{"", "truth values", "an unknown content type", "np for a tensor", "np for all", "np for columns", "asked for predict", "asked for predict_proba"},
				why: "KServe's V2 can't write classes that are texts; they are BYTES here, as MLServer's"},
			difference{theirs: 5, ours: 2, about: []string{"plain values in objects"}, why: "KServe wants each value in a list of its own"},
			difference{theirs: 5, ours: 2, about: []string{"columns without content type"}, why: "several tensors can't be anything but columns"},
			difference{theirs: 4, ours: 2, about: []string{"asked for predict"}, why: "KServe knows no outputs but its one; here the library's methods can be asked for by name"},
			difference{theirs: 2, ours: 4, about: []string{"too few features", "an empty row"}, models: []string{"xgbclassifier"}, why: "XGBoost takes features that aren't given for missing values, and answers something"},
			difference{theirs: 2, ours: 4, about: []string{"numbers as texts"}, why: "a text isn't a number; KServe answers or fails by the model"},
			difference{theirs: 2, ours: 4, about: []string{"NaN"}, why: "NaN isn't JSON, which their V1 says too; null is a missing value"})
	}
	return append(all,
		difference{theirs: 4, ours: 2, about: []string{"columns without content type"}, why: "several tensors can't be anything but columns"},
		difference{theirs: 2, ours: 4, about: []string{"an unknown output", "asked for predict_proba"}, models: []string{"lgbclasses"}, why: "MLServer's LightGBM answers predict whatever is asked for"},
		difference{theirs: 2, ours: 2, about: []string{"base64"}, models: []string{"mixed"}, why: "they look for bytes among categories that are texts and take each for unknown"},
		difference{theirs: 5, ours: 2, about: []string{"datetime"}, models: []string{"mixed"}, why: "MLServer's datetime fails in every scikit-learn model; a text stays the text it is"})
}

// A column that is missing or unknown is named.
func TestARefusedColumnIsNamed(t *testing.T) {
	t.Parallel()
	address := serveAll(t, tabular.MLServer, false)
	for request, column := range map[string]string{
		`{"instances":[{"sepal_length":1,"sepal_width":1,"petal_length":1}]}`:                                      "petal_width",
		`{"instances":[{"sepal_length":1,"sepal_width":1,"petal_length":1,"petal_width":1,"petal_colour":"red"}]}`: "petal_colour",
	} {
		status, body := post(t, address+"/v1/models/named:predict", []byte(request))
		if status != http.StatusBadRequest || !strings.Contains(string(body), column) {
			t.Errorf("%d %s, want %s named", status, body, column)
		}
	}
}
