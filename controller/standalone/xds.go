package standalone

import (
	"encoding/json"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/xds/envoy"
)

// XDS gives the xDS server's state.
func (d *Driver) XDS(full bool) admin.XDS {
	var out admin.XDS
	p := d.parts.Load()
	if p == nil {
		return out
	}
	for _, client := range p.envoys.Clients() {
		out.Clients = append(out.Clients, admin.XDSClient{ID: client.Node, Connected: client.Since})
	}
	acknowledged := p.envoys.Acknowledgements()
	rejected := map[envoy.Key][]admin.XDSRejection{}
	for _, r := range p.envoys.Rejections() {
		key := envoy.Key{TypeURL: r.TypeURL, Name: r.Name}
		rejected[key] = append(rejected[key], admin.XDSRejection{Client: r.Client, Reason: r.Reason, Since: r.Since})
	}
	for _, resource := range p.envoys.Dump() {
		shown := admin.XDSResource{
			TypeURL: resource.TypeURL, Name: resource.Name, Version: resource.Version,
			Rejected: rejected[resource.Key()], Acknowledged: acknowledged[resource.Key()],
		}
		delete(rejected, resource.Key())
		for _, object := range resource.Objects {
			shown.Object = strings.TrimPrefix(shown.Object+", "+object.String(), ", ")
		}
		if full {
			shown.Body = resourceJSON(resource)
		}
		out.Resources = append(out.Resources, shown)
	}
	for key, refusals := range rejected {
		out.Resources = append(out.Resources, admin.XDSResource{TypeURL: key.TypeURL, Name: key.Name, Rejected: refusals})
	}
	return out
}

// resourceJSON is a resource's body as protobuf JSON, without keys. One that can't be written so is shown as an error:
// a dump is for looking at faults.
func resourceJSON(r envoy.Resource) json.RawMessage {
	message, err := r.Shown()
	if err == nil {
		var data []byte
		if data, err = protojson.Marshal(message); err == nil {
			return data
		}
	}
	data, err := json.Marshal(map[string]string{"error": err.Error()})
	if err != nil {
		return nil
	}
	return data
}
