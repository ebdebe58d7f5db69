package envoy

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/anypb"
)

// The fields of a scope that Anew changes.
const (
	scopeRouteConfiguration protowire.Number = 5
	routeConfigurationName  protowire.Number = 1
)

// Anew gives a scope under the same version with a table of another name, which nothing depends on; time counts from 1. Envoy keeps
// of a response that it refuses the scopes before the refused one without serving them, and passes over what is the same when it comes
// again: those hosts would be without routes for as long as they don't change.
func (r Resource) Anew(time int) Resource {
	table := protowire.AppendTag(nil, routeConfigurationName, protowire.BytesType)
	table = protowire.AppendString(table, fmt.Sprintf("%s#%d", r.Name, time))
	body := append([]byte(nil), r.Body.GetValue()...)
	body = protowire.AppendTag(body, scopeRouteConfiguration, protowire.BytesType)
	// What follows of a message is merged into it: the name takes the place of the name before.
	body = protowire.AppendBytes(body, table)
	r.Body = &anypb.Any{TypeUrl: r.Body.GetTypeUrl(), Value: body}
	return r
}
