package translate

import (
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for written, want := range map[gatewayv1.Duration]int64{
		"0s": 0, "500ms": 500, "30s": 30_000, "1m30s": 90_000, "1h": 3_600_000, "99999h": 359_996_400_000, "1h1m1s1ms": 3_661_001,
	} {
		if got, err := parseDuration(&written); got != want || err != nil {
			t.Errorf("parseDuration(%q) = %d, %v; want %d", written, got, err, want)
		}
	}
	for _, written := range []gatewayv1.Duration{"", "1", "-1s", "1.5s", "1us", "1d", "100000s", "1s1s1s1s1s", "s", "1 s"} {
		if got, err := parseDuration(&written); err == nil {
			t.Errorf("parseDuration(%q) = %d, want an error", written, got)
		}
	}
	if got, err := parseDuration(nil); got != 0 || err != nil {
		t.Errorf("parseDuration(nil) = %d, %v; want 0", got, err)
	}
}
