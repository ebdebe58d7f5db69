package engine

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestTally(t *testing.T) {
	t.Parallel()
	p := &probe{successes: 2, failures: 3}
	var count tally
	var got []verdict
	for _, attempt := range []struct{ ok, counts bool }{
		{false, true}, {false, false}, {false, true}, {true, true}, {false, false}, {true, true},
		{false, true}, {false, true}, {true, true}, {false, true}, {false, true}, {false, true}, {true, true}, {true, true},
	} {
		count = count.observe(attempt.ok, attempt.counts, p)
		got = append(got, count.verdict)
	}
	u, y, n := undecided, passing, failing
	if diff := cmp.Diff([]verdict{u, u, u, u, u, y, y, y, y, y, y, n, n, y}, got); diff != "" {
		t.Error(diff)
	}
}

// A probe with a period of 10 s passes soon after the program is ready, and yet fails no sooner than its thresholds say.
func TestProbeIsQuickToPassAndSlowToFail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		p := newProbe(&corev1.Probe{InitialDelaySeconds: 2}, func(context.Context) error {
			if at := time.Since(begin); at >= 3*time.Second && at < time.Minute {
				return nil
			}
			return errors.New("no")
		})
		type event struct {
			at      time.Duration
			verdict verdict
		}
		var got []event
		p.run(ctx, 200*time.Millisecond, func(o outcome) {
			got = append(got, event{time.Since(begin), o.verdict})
			if o.verdict == failing {
				stop()
			}
		})
		// Attempts at 2 s, 2.2 s, …, 3 s; then 12 s, 22 s, …: 62, 72 and 82 fail.
		want := []event{{2 * time.Second, undecided}, {3 * time.Second, passing}, {62 * time.Second, passing}, {82 * time.Second, failing}}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(event{})); diff != "" {
			t.Error(diff)
		}
		stop()
	})
}

// A probe of an adopted process that was ready stays passing until as many attempts fail in a row as it asks for.
func TestProbeThatBeginsPassingFailsByItsThreshold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		p := newProbe(&corev1.Probe{SuccessThreshold: 2}, func(context.Context) error { return errors.New("no") })
		p.begins = passing
		var got []verdict
		p.run(ctx, 200*time.Millisecond, func(o outcome) {
			got = append(got, o.verdict)
			if o.verdict == failing {
				stop()
			}
		})
		// The first failure is news, the third is the verdict's.
		if diff := cmp.Diff([]verdict{passing, failing}, got); diff != "" || time.Since(begin) != 20*time.Second {
			t.Errorf("after %s: %s", time.Since(begin), diff)
		}
		stop()
	})
}

// Once passed, a probe keeps to its period: neither two failures nor a third one make it ask more often.
func TestProbeKeepsToItsPeriodOnceItHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		fails := []bool{false, true, true, false, true, true, true, true, false}
		var asked []time.Duration
		var verdicts []verdict
		p := newProbe(&corev1.Probe{}, func(context.Context) error {
			asked = append(asked, time.Since(begin))
			if fails[len(asked)-1] {
				return errors.New("no")
			}
			return nil
		})
		p.run(ctx, 200*time.Millisecond, func(o outcome) {
			if verdicts = append(verdicts, o.verdict); len(asked) == len(fails) {
				stop()
			}
		})
		for i, at := range asked {
			if at != time.Duration(i)*10*time.Second {
				t.Errorf("attempt %d at %v", i, at)
			}
		}
		want := []verdict{passing, passing, passing, passing, failing, passing} // one for each change of verdict or error
		if diff := cmp.Diff(want, verdicts); diff != "" {
			t.Error(diff)
		}
		stop()
	})
}

// An attempt that ended long after its time was up had no processor; three of those in a row don't end a replica's turn,
// and six do.
func TestProbeOfAStarvedProcessDoesNotCountAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		attempts := 0
		p := newProbe(&corev1.Probe{}, func(ctx context.Context) error {
			if attempts++; attempts == 1 {
				return nil
			}
			<-ctx.Done()
			sleep(context.Background(), time.Second)
			return ctx.Err()
		})
		p.run(ctx, 200*time.Millisecond, func(o outcome) {
			if o.verdict == failing {
				stop()
			}
		})
		if took := time.Since(begin); attempts != 7 || took != 62*time.Second {
			t.Errorf("failed at attempt %d after %v, want the sixth after the first, at 60 s and two more", attempts, took)
		}
		stop()
	})
}

func TestProbeThatNeverPassesFailsByItsPeriod(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		p := newProbe(&corev1.Probe{}, func(context.Context) error { return errors.New("no") })
		p.run(ctx, 200*time.Millisecond, func(o outcome) {
			if o.verdict == failing {
				stop()
			}
		})
		if took := time.Since(begin); took != 20*time.Second {
			t.Errorf("failed after %v, want the third counted attempt at 20 s", took)
		}
		stop()
	})
}

func TestProbeAttemptTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(&corev1.Probe{TimeoutSeconds: 3}, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		begin := time.Now()
		if err := p.attempt(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
}

func TestHTTPCheck(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
			if r.Header.Get("X-Probe") != "yes" || r.Host != "model.example" || r.URL.RawQuery != "a=b" {
				w.WriteHeader(http.StatusBadRequest)
			}
		case "/away":
			http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/broken", http.StatusFound)
		default:
			http.Error(w, "model is broken", http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	target := probeTarget{container: &corev1.Container{Name: "c"}, address: address.Hostname(), ports: portMap{}, hide: func(text string) string { return text }}
	for path, want := range map[string]string{
		"/ok?a=b": "", "ok?a=b": "", "/away": "", "/here": "500", "/broken": "model is broken",
	} {
		check, err := target.checkOf(corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
			Path: path, Port: intstr.FromString(address.Port()),
			HTTPHeaders: []corev1.HTTPHeader{{Name: "X-Probe", Value: "yes"}, {Name: "Host", Value: "model.example"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		got := errorText(check(t.Context()))
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestProbeWithoutHandlerIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := (probeTarget{container: &corev1.Container{Name: "c"}}).checkOf(corev1.ProbeHandler{}); err == nil {
		t.Error("taken")
	}
}
