package plan_test

import (
	"strings"
	"testing"
)

// TestWhoCallsFromElsewhereReadsTheReasonAlone: what goes with it may quote a server's log, or name this machine's paths.
func TestWhoCallsFromElsewhereReadsTheReasonAlone(t *testing.T) {
	t.Parallel()
	for _, alone := range []bool{false, true} {
		s := newStory(t)
		s.reasonsAlone, s.missing["/private/one"] = alone, true
		s.apply(serve("/private/one"))
		if len(s.result.DirectResponses) == 0 {
			t.Fatal("nobody answers for what is not ready")
		}
		for _, response := range s.result.DirectResponses {
			body := response.Spec.Body
			if !strings.Contains(body, "is not ready: StorageNotFound: ") || strings.Contains(body, "/private/one") == alone {
				t.Errorf("reasons alone %t: %s", alone, body)
			}
		}
	}
}
