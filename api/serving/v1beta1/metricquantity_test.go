package v1beta1

import (
	"encoding/json"
	"testing"
)

func TestMetricQuantityKeepsItsText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{`"2.50"`: `"2.50"`, `100`: `"100"`, `"1Gi"`: `"1Gi"`, `null`: `"0"`} {
		var q MetricQuantity
		if err := json.Unmarshal([]byte(in), &q); err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		out, err := json.Marshal(q)
		if err != nil || string(out) != want {
			t.Errorf("%s became %s, %v; want %s", in, out, err, want)
		}
	}
	var q MetricQuantity
	if err := json.Unmarshal([]byte(`"many"`), &q); err == nil {
		t.Error("many is a quantity")
	}
}
