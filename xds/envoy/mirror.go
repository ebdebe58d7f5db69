package envoy

import (
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previous "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/sluice-serving/sluice/xds/ir"
)

func mirrors(list []ir.Mirror) []*routev3.RouteAction_RequestMirrorPolicy {
	var policies []*routev3.RouteAction_RequestMirrorPolicy
	for _, m := range list {
		policies = append(policies, &routev3.RouteAction_RequestMirrorPolicy{
			Cluster:         m.Backend,
			RuntimeFraction: &core.RuntimeFractionalPercent{DefaultValue: fraction(m.Numerator, m.Denominator)},
			// The mirror is to see the host that the client named.
			DisableShadowHostSuffixAppend: true,
		})
	}
	return policies
}

// fraction keeps the three denominators that Envoy has and scales any other to the finest of them, downwards.
func fraction(numerator, denominator uint32) *typev3.FractionalPercent {
	switch denominator {
	case 100:
		return &typev3.FractionalPercent{Numerator: numerator, Denominator: typev3.FractionalPercent_HUNDRED}
	case 10_000:
		return &typev3.FractionalPercent{Numerator: numerator, Denominator: typev3.FractionalPercent_TEN_THOUSAND}
	case 0:
		return &typev3.FractionalPercent{}
	}
	const million = 1_000_000
	scaled := min(uint64(numerator)*million/uint64(denominator), million)
	return &typev3.FractionalPercent{
		Numerator:   uint32(scaled), //nolint:gosec // at most a million
		Denominator: typev3.FractionalPercent_MILLION,
	}
}

// previousHosts keeps a retry from the endpoint that has just failed.
func previousHosts() *routev3.RetryPolicy_RetryHostPredicate_TypedConfig {
	return &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{TypedConfig: pack(&previous.PreviousHostsPredicate{})}
}
