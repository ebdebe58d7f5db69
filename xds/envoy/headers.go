package envoy

import (
	"slices"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/sluice-serving/sluice/xds/ir"
)

// headerEdits is a header change in Envoy's form: removals are applied first, then additions in order.
type headerEdits struct {
	add    []*core.HeaderValueOption
	remove []string
}

func edits(c *ir.HeaderChange) headerEdits {
	if c == nil {
		return headerEdits{}
	}
	e := headerEdits{remove: c.Remove}
	for _, h := range c.Set {
		e.add = append(e.add, overwrite(h.Name, literal(h.Value)))
	}
	for _, h := range c.Add {
		option := overwrite(h.Name, literal(h.Value))
		option.AppendAction = core.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
		e.add = append(e.add, option)
	}
	return e
}

// then gives the edits that do e first and after afterwards. Envoy applies a weighted backend's edits before its
// route's, whatever the order of precedence is set to, so that the two are joined here.
func (e headerEdits) then(after headerEdits) headerEdits {
	joined := headerEdits{remove: append(slices.Clone(e.remove), after.remove...)}
	for _, option := range e.add {
		if !slices.Contains(after.remove, option.GetHeader().GetKey()) {
			joined.add = append(joined.add, option)
		}
	}
	joined.add = append(joined.add, after.add...)
	return joined
}

// overwrite sets a header to value, in which Envoy expands %OPERATORS%; an empty literal is a value too.
func overwrite(name, value string) *core.HeaderValueOption {
	return &core.HeaderValueOption{
		Header:         &core.HeaderValue{Key: name, Value: value},
		AppendAction:   core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
		KeepEmptyValue: value == "",
	}
}

// literal protects a value from Envoy's expansion of %OPERATORS%.
func literal(value string) string { return strings.ReplaceAll(value, "%", "%%") }
