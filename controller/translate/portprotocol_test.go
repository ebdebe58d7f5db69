package translate

import (
	"slices"
	"testing"

	"github.com/sluice-serving/sluice/xds/ir"
)

func TestPortThatChangesItsProtocolLosesItsListener(t *testing.T) {
	t.Parallel()
	translator := NewTranslator("127.0.0.1")
	plain := &port{ir: ir.Listener{Name: "http-8443", Port: 8443}}
	var opened, change Change
	translator.touchPort(nil, plain, &opened)
	translator.touchPort(plain, &port{ir: ir.Listener{Name: "https-8443", Port: 8443}}, &change)
	if open := translator.Config().Listeners; len(open) != 1 || open[0].Name != "https-8443" || !slices.Equal(change.RemovedListeners, []string{"http-8443"}) {
		t.Errorf("open are %+v, removed %v", open, change.RemovedListeners)
	}
}
