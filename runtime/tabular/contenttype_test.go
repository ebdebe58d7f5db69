package tabular_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

func TestMLServersContentTypesSayWhatATextMeans(t *testing.T) {
	t.Parallel()
	features := []tabular.Feature{{Name: "a", Kind: tabular.Any}, {Name: "n", Kind: tabular.Number}}
	numbers := oip.NewTensor("n", oip.FP64, []int64{2}, []float64{1, 2})
	for _, c := range []struct {
		name, kind string
		style      tabular.Answers
		texts      []string
		want       any // texts, or numbers
		refused    string
	}{
		{name: "base64", kind: "base64", style: tabular.MLServer, texts: []string{"Um9tZQ==", "no base64"}, want: []string{"Rome", "no base64"}},
		{name: "texts in JSON", kind: "pd_json", style: tabular.MLServer, texts: []string{`"Rome"`, `null`}, want: []string{"Rome", ""}},
		{name: "numbers in JSON", kind: "pd_json", style: tabular.MLServer, texts: []string{`2.5`, `true`}, want: []float64{2.5, 1, 1, 2}},
		{name: "KServe", kind: "pd_json", texts: []string{`"Rome"`, `null`}, want: []string{`"Rome"`, "null"}},
		{name: "no JSON", kind: "pd_json", style: tabular.MLServer, texts: []string{`"Rome"`, `Oslo`}, refused: `"a": row 1: content type pd_json expects JSON`},
		{name: "two kinds", kind: "pd_json", style: tabular.MLServer, texts: []string{`"Rome"`, `3`}, refused: "row 1: expected a text as in other rows, given a number"},
		{name: "objects", kind: "pd_json", style: tabular.MLServer, texts: []string{`{"x":1}`, `3`}, refused: "row 0: expected a number or a text, given an object"},
	} {
		p := tabular.NewPredictor(&echo{features: features}, tabular.Options{Answers: c.style}).(interface {
			Arrange(given []oip.Tensor) ([]oip.Tensor, error)
		})
		texts := oip.Tensor{Name: "a", Datatype: oip.Bytes, Shape: []int64{2}, Strings: c.texts, Parameters: oip.Parameters{"content_type": c.kind}}
		before := strings.Join(c.texts, "|")
		out, err := p.Arrange([]oip.Tensor{texts, numbers})
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %v, want %q", c.name, err, c.refused)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got any = out[0].Strings
		if out[0].Datatype == oip.FP64 {
			got = oip.Elements[float64](out[0])
		}
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if strings.Join(c.texts, "|") != before {
			t.Errorf("%s: the request is changed", c.name)
		}
	}
}
