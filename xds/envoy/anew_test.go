package envoy_test

import (
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

func TestAnewChangesTheTablesNameAlone(t *testing.T) {
	t.Parallel()
	resource := envoy.Host(ir.Host{Listener: "http", Name: "a.example.com"})
	var before, after routev3.ScopedRouteConfiguration
	if err := resource.Body.UnmarshalTo(&before); err != nil {
		t.Fatal(err)
	}
	again := resource.Anew(2)
	if err := again.Body.UnmarshalTo(&after); err != nil {
		t.Fatal(err)
	}
	if again.Version != resource.Version || after.GetRouteConfiguration().GetName() != "http/a.example.com#2" {
		t.Errorf("version %s is %s, the table is %q", resource.Version, again.Version, after.GetRouteConfiguration().GetName())
	}
	after.RouteConfiguration.Name = before.GetRouteConfiguration().GetName()
	if diff := cmp.Diff(&before, &after, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}
