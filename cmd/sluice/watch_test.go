package main

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/admin"
)

func TestWatchPrintsWhatChanges(t *testing.T) {
	t.Parallel()
	moments := [][]admin.Service{
		{{Namespace: "default", Name: "iris"}},
		{{Namespace: "default", Name: "iris"}},
		{{Namespace: "default", Name: "iris", Ready: true}, {Namespace: "default", Name: "a-longer-name", Reason: "Failed"}},
		{{Namespace: "default", Name: "iris", Ready: true}},
	}
	tests := map[print.Format]string{
		print.TableFormat: `NAMESPACE   NAME   READY     FORMAT   REVISIONS   REPLICAS   URL   STATUS
default     iris   Unknown   -        -           0/0        -     Pending
default     iris            True      -        -           0/0        -     Ready
default     a-longer-name   False     -        -           0/0        -     Failed
default     a-longer-name   gone
`,
		print.YAMLFormat: `---
name: iris
namespace: default
ready: false
spec:
  minReplicas: 0
---
name: iris
namespace: default
ready: true
spec:
  minReplicas: 0
---
name: a-longer-name
namespace: default
ready: false
reason: Failed
spec:
  minReplicas: 0
`,
	}
	for format, want := range tests {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
				defer cancel()
				asked := 0
				fetch := func(context.Context) (listing, error) {
					asked++
					return serviceListing(moments[asked-1]), nil
				}
				var got bytes.Buffer
				if err := watch(ctx, fetch, &changePrinter{w: &got, format: format}, time.Second); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got.String()); diff != "" || asked != len(moments) {
					t.Errorf("asked %d times (-want +got):\n%s", asked, diff)
				}
			})
		})
	}
}

func TestAgeIsShort(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)
	for want, ago := range map[string]time.Duration{
		"0s": -time.Second, "59s": 59 * time.Second, "2m5s": 125 * time.Second, "3h7m": 3*time.Hour + 7*time.Minute, "2d1h": 49 * time.Hour,
	} {
		if got := age(now.Add(-ago), now); got != want {
			t.Errorf("age of %s is %q, want %q", ago, got, want)
		}
	}
}
