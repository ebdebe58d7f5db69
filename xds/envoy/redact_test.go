package envoy_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

func TestShownHasNoKey(t *testing.T) {
	t.Parallel()
	const key = "key-of-alice-4711"
	host := envoy.Host(ir.Host{Listener: "http", Name: "iris.example.com", Routes: []ir.Route{{
		Name: "r", Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: "/"}}, Respond: &ir.Respond{Status: 200},
		Access: &ir.Access{APIKeys: &ir.APIKeys{Credentials: []ir.Credential{{Client: "a", Key: key + "2"}, {Client: "alice", Key: key}}, Sources: []ir.KeySource{{Header: "x-api-key"}}}},
	}}})
	if !strings.Contains(string(host.Body.GetValue()), key) {
		t.Fatal("Envoy is not told the key")
	}
	if said := host.Conceal("refused: key: \"" + key + "\" of alice, a caller"); said != `refused: key: "[redacted]" of [redacted], a caller` {
		t.Errorf("concealed as %s", said)
	}
	message, err := host.Shown()
	if err != nil {
		t.Fatal(err)
	}
	text := protojson.Format(message)
	if strings.Contains(text, key) || !strings.Contains(text, `[redacted]`) {
		t.Errorf("shown as %s", text)
	}
}
