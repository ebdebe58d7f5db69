package translate

import (
	"fmt"
	"regexp"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// durationForm is GEP-2257's: the part of Go's durations without signs, fractions and the units below 1 ms.
var durationForm = regexp.MustCompile(`^([0-9]{1,5}(h|m|s|ms)){1,4}$`)

// parseDuration gives a Gateway API duration in milliseconds; a duration that is absent is 0.
func parseDuration(written *gatewayv1.Duration) (milliseconds int64, err error) {
	if written == nil {
		return 0, nil
	}
	if !durationForm.MatchString(string(*written)) {
		return 0, fmt.Errorf(`%q is not a duration: write it as "30s", "1m30s" or "500ms"`, *written)
	}
	parsed, err := time.ParseDuration(string(*written))
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration: %w", *written, err)
	}
	return parsed.Milliseconds(), nil
}
