package formats

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/bench/load"
	"github.com/sluice-serving/sluice/bench/report"
	"github.com/sluice-serving/sluice/bench/rig"
)

// TestAnswersOfAllServersAreRead wants the numbers whatever a server calls and shapes its output.
func TestAnswersOfAllServersAreRead(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"outputs":[{"name":"output-0","datatype":"INT64","shape":[2],"data":[1,2]}]}`,
		`{"outputs":[{"name":"predict","shape":[2,1],"datatype":"INT64","parameters":{"content_type":"np"},"data":[[1],[2]]},{"name":"other","data":[3]}]}`,
	} {
		if got, err := firstOutput([]byte(body)); err != nil || !slices.Equal(got, []float64{1, 2}) {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
	for _, body := range []string{`{"outputs":[]}`, `{"error":"no"}`, `{"outputs":[{"data":["a"]}]}`, `<html>`} {
		if got, err := firstOutput([]byte(body)); err == nil {
			t.Errorf("%s: %v and no error", body, got)
		}
	}
}

func TestAnswersAgreeWithinSinglePrecision(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b []float64
		want bool
	}{
		{[]float64{1, 2}, []float64{1, 2.000001}, true},
		{[]float64{1e6}, []float64{1e6 + 1}, true},
		{[]float64{1, 2}, []float64{1, 2.001}, false},
		{[]float64{1, 2}, []float64{1}, false},
		{nil, nil, false},
	} {
		if got := agree(test.a, test.b); got != test.want {
			t.Errorf("%v and %v agree: %t", test.a, test.b, got)
		}
	}
}

// served2 are two rounds of a server at two numbers of connections.
func served2(server, title string, memory int, rates ...int) outcome {
	o := outcome{setting: setting{server: server, title: title}, idle: rig.Memory{Resident: memory}}
	for range 2 {
		var found []measured
		for _, rate := range rates {
			found = append(found, measured{load.Result{Requests: rate, Elapsed: time.Second}, rig.Memory{Resident: memory}})
		}
		o.loaded = append(o.loaded, found)
	}
	return o
}

func TestARatioTakesTheSettingThatIsBetterForThePeer(t *testing.T) {
	t.Parallel()
	const mebibyte = 1 << 20
	var r report.Report
	err := reportServing(&r, served()[0], []outcome{
		served2(ours, "ours", 50*mebibyte, 9000, 9000), served2(mlserver, "slow and small", 200*mebibyte, 300, 450),
		served2(mlserver, "fast and large", 400*mebibyte, 600, 500), served2(kserve, "the other", 300*mebibyte, 1000, 1000),
	}, effort{connections: []int{1, 64}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"mlserver_sklearn_rps_c64": (15. + 18.) / 2, "kserve_sklearn_rps_c64": 9, "mlserver_rss": 4}
	for _, ratio := range r.Ratios {
		if ratio.Ratio != want[ratio.Key] || ratio.Aim == 0 {
			t.Errorf("%s: %g with aim %g, want %g", ratio.Key, ratio.Ratio, ratio.Aim, want[ratio.Key])
		}
		delete(want, ratio.Key)
	}
	if len(want) > 0 || !strings.Contains(r.Ratios[0].About, "fast and large") || !strings.Contains(r.Ratios[2].About, "slow and small") {
		t.Errorf("ratios %+v, missing %v", r.Ratios, want)
	}
	if rows := len(r.Tables[0].Rows); rows != 8 || len(r.Plots) != 1 {
		t.Errorf("%d rows and %d plots", rows, len(r.Plots))
	}
}

func TestBatchesAreComparedOnOneThread(t *testing.T) {
	t.Parallel()
	times := func(ms ...time.Duration) (out []time.Duration) {
		for _, m := range ms {
			out = append(out, m*time.Millisecond)
		}
		return out
	}
	var batches []batch
	for _, b := range boosters() {
		batches = append(batches, batch{b, 10000, 100, 1, times(10, 10), times(8, 12)}, batch{b, 10000, 100, 2, times(1, 1), times(8, 12)})
	}
	var r report.Report
	if err := reportBatches(&r, batches, effort{trees: []int{100}}); err != nil {
		t.Fatal(err)
	}
	if len(r.Ratios) != 2 || r.Ratios[0].Key != "xgboost_batch_time" || r.Ratios[1].Key != "lightgbm_batch_time" || r.Ratios[0].Min != 0.8 || r.Ratios[0].Max != 1.2 {
		t.Errorf("ratios %+v", r.Ratios)
	}
	if len(r.Tables[0].Rows) != 4 {
		t.Errorf("rows %q", r.Tables[0].Rows)
	}
}

// TestModelsAreThoseOfTheExamples finds each file that is served.
func TestModelsAreThoseOfTheExamples(t *testing.T) {
	t.Parallel()
	r := &rig.Rig{Root: "../..", Work: t.TempDir()}
	for _, f := range served() {
		if m, err := f.place(r); err != nil || !strings.HasPrefix(m.path(), r.Work) {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}
