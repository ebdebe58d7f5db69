package tabular_test

import (
	"testing"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// Whatever tensors a request has, they are arranged as rows of the model's features, or refused as the client's fault.
func FuzzArrange(f *testing.F) {
	f.Add([]byte{0, 0, 12, 2, 2, 3, 0})
	f.Add([]byte{1, 2, 13, 1, 2, 0, 1, 12, 2, 2, 1, 2})
	f.Add([]byte{2, 1, 13, 2, 1, 0, 0})
	f.Add([]byte{3, 1, 3, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		models := [][]tabular.Feature{nil, abc(), {{Name: "a", Kind: tabular.Text}, {Name: "b"}, {Name: "c", Kind: tabular.Any}}, make([]tabular.Feature, 2), {{Kind: tabular.Text}}}
		next := func() int {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return int(b)
		}
		features := models[next()%len(models)]
		var given []oip.Tensor
		for range next() % 5 {
			datatype := oip.Datatypes()[next()%len(oip.Datatypes())]
			shape := make([]int64, next()%4)
			for i := range shape {
				shape[i] = int64(next() % 5)
			}
			count, err := oip.Count(shape)
			if err != nil {
				t.Fatal(err)
			}
			tensor := oip.Tensor{Name: []string{"", "a", "b", "c", "d"}[next()%5], Datatype: datatype, Shape: shape, Data: oip.Allocate(count, datatype.Size())}
			if datatype == oip.Bytes {
				tensor.Data, tensor.Strings = nil, make([]string, count)
				if next()%2 == 0 {
					tensor.Missing = make([]bool, count)
				}
			}
			given = append(given, tensor)
		}
		p, ok := tabular.NewPredictor(&echo{features: features}, tabular.Options{}).(model.Selective)
		if !ok {
			t.Fatal("the predictor arranges nothing")
		}
		arranged, err := p.Arrange(given)
		if err != nil {
			if !oip.IsRequestFault(err) {
				t.Fatal(err)
			}
			return
		}
		for _, tensor := range arranged {
			if err := tensor.Check(); err != nil || tensor.Shape[0] != arranged[0].Shape[0] {
				t.Fatal(err, tensor.Shape)
			}
		}
		if _, err := p.PredictSome(t.Context(), arranged, []int{0}); err != nil {
			t.Fatal(err)
		}
	})
}
