package envoy

import (
	"time"

	cluster3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	// failuresOfTheDead is how many tries in a row an endpoint must fail to be passed over, Envoy's own default. One is not
	// enough: a WebSocket that its server ends counts as a failure too, and any new request that is taken as a success.
	failuresOfTheDead = 5
	// ejection is how long it is passed over the first time; the time grows by as much with each time in a row, up to
	// longestEjection. It is short, since what was left out wrongly may be all there is when the others go. What comes back
	// as a new endpoint is not passed over.
	ejection        = 2 * time.Second
	longestEjection = 10 * time.Second
)

// passOverDead leaves out an endpoint that takes no connection. Of all endpoints the dead one has the fewest requests in
// flight, so that it would be picked for every request and every retry until somebody removes it, and nobody does while
// sluice itself is away. What endpoints answer has no part in it: a model may well answer 503.
func passOverDead() *cluster3.OutlierDetection {
	off := wrapperspb.UInt32(0)
	return &cluster3.OutlierDetection{
		SplitExternalLocalOriginErrors:         true,
		ConsecutiveLocalOriginFailure:          wrapperspb.UInt32(failuresOfTheDead),
		EnforcingConsecutiveLocalOriginFailure: wrapperspb.UInt32(100),
		EnforcingConsecutive_5Xx:               off,
		EnforcingConsecutiveGatewayFailure:     off,
		EnforcingSuccessRate:                   off,
		EnforcingLocalOriginSuccessRate:        off,
		Interval:                               durationpb.New(ejection),
		BaseEjectionTime:                       durationpb.New(ejection),
		MaxEjectionTime:                        durationpb.New(longestEjection),
		// The last one stays: it may be up again before anybody says so.
		MaxEjectionPercent: wrapperspb.UInt32(99),
	}
}
