package envoy

import (
	"fmt"
	"slices"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	lua "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	router "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-serving/sluice/xds/ir"
)

const luaType = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"

// choosingCode is what both filters begin with. A route is chosen anew when somebody asks for something of it, as metadata does
// the first time that a filter asks for a request. Each route of ours has a name.
const choosingCode = `local function choose(handle, headers, scope)
  headers:replace("` + scopeHeader + `", scope)
  handle:clearRouteCache()
end
local function chosen(handle)
  handle:metadata()
  return (handle:streamInfo():routeName() or "") ~= ""
end
`

// findCode runs where no host has the name that was asked for. One that was spelt with capitals is looked for in lower case,
// since keys are compared exactly, and then the longest wildcard over it, or "*".
const findCode = `local wildcards = {%s}
local listener = %s
function envoy_on_request(handle)
  local headers = handle:headers()
  local asked = string.sub(headers:get("` + scopeHeader + `"), #listener + 1)
  local lower = string.lower(asked)
  if lower ~= asked then
    choose(handle, headers, listener .. lower)
    if chosen(handle) then return end
  end
  local host = string.match(lower, "^[^:]*")
  local key = "*"
  local dot = string.find(host, ".", 1, true)
  while dot do
    local candidate = "*" .. string.sub(host, dot)
    if wildcards[candidate] then
      key = candidate
      break
    end
    dot = string.find(host, ".", dot + 1, true)
  end
  if key ~= host then choose(handle, headers, listener .. key) end
end
`

// defaultPortName is how a route chooses defaultPortCode in place of the filter's own.
const defaultPortName = "default-port"

// defaultPortCode takes the port that the scheme implies out of a redirect. The filter has found the host by the time that
// a route is chosen for good.
const defaultPortCode = `function envoy_on_response(handle)
  local headers = handle:headers()
  local location = headers:get("location")
  if location == nil then return end
  local short = string.gsub(location, "^(http://[^/]*):80/", "%1/")
  short = string.gsub(short, "^(https://[^/]*):443/", "%1/")
  if short ~= location then headers:replace("location", short) end
end
`

// IsWildcard says whether a host's name is "*" or "*.suffix".
func IsWildcard(host string) bool { return strings.HasPrefix(host, "*") }

// Wildcards gives the list of wildcard hosts of a listener, or of a scope of one with TLS. It configures the filter that finds
// hosts and travels by itself (ECDS), so that the listener stays as it is. Every listener needs one, empty or not:
// Envoy does not open a listener before it has it. Names that are no wildcard are left out.
func Wildcards(scope string, object ir.Ref, hosts []string) Resource {
	sorted := slices.Clone(hosts)
	slices.Sort(sorted)
	var entries []string
	for _, h := range slices.Compact(sorted) {
		if strings.HasPrefix(h, "*.") {
			entries = append(entries, fmt.Sprintf("[%s]=true", luaString(h)))
		}
	}
	name := findFilter(scope)
	return newResource(ExtensionType, name, &core.TypedExtensionConfig{
		Name: name,
		TypedConfig: pack(&lua.Lua{
			DefaultSourceCode: inline(choosingCode + fmt.Sprintf(findCode, strings.Join(entries, ","), luaString(scope+hostMark))),
			SourceCodes:       map[string]*core.DataSource{defaultPortName: inline(defaultPortCode)},
		}),
	}, object)
}

// findFilter names the filter that finds a request's host, and with it the extension resource that the filter subscribes to.
// It is one for all that can be done: each filter of a chain costs a request some 2 % of Envoy's time, even where it has
// nothing to do.
func findFilter(listener string) string { return "sluice.find-host/" + listener }

// httpFilters is the chain of every listener. It holds no filter that is absent from some routes: what differs
// by route is per-route configuration.
func httpFilters(listener string) []*hcm.HttpFilter {
	chain := []*hcm.HttpFilter{
		{
			Name: findFilter(listener),
			ConfigType: &hcm.HttpFilter_ConfigDiscovery{ConfigDiscovery: &core.ExtensionConfigSource{
				ConfigSource: aggregated(),
				TypeUrls:     []string{luaType},
			}},
		},
		typedFilter(modelFilter, pack(&lua.Lua{SourceCodes: map[string]*core.DataSource{modelCodeName: inline(modelCode(listener))}})),
	}
	chain = append(chain, accessFilters()...)
	return append(chain, typedFilter("envoy.filters.http.router", pack(routing())))
}

// routing leaves out the statistics by status, zone and canary that the bootstrap lets nobody see: making their names takes 1.5 to 3 %
// of a request. What goes with them is that load reports count no answer 5xx and no unanswered request as an endpoint's
// failure; package stats of the xDS server has these.
func routing() *router.Router {
	return &router.Router{SuppressEnvoyHeaders: true, DynamicStats: wrapperspb.Bool(false)}
}

// hostFilters switches off, for a host that has been found, the filter that finds one.
func hostFilters(h ir.Host) map[string]*anypb.Any {
	return map[string]*anypb.Any{findFilter(h.Listener): pack(&lua.LuaPerRoute{Override: &lua.LuaPerRoute_Disabled{Disabled: true}})}
}

func typedFilter(name string, config *anypb.Any) *hcm.HttpFilter {
	return &hcm.HttpFilter{Name: name, ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: config}}
}

func inline(text string) *core.DataSource {
	return &core.DataSource{Specifier: &core.DataSource_InlineString{InlineString: text}}
}

// luaString quotes s for Lua with every byte that is not plainly harmless as a decimal escape.
func luaString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("*.-_", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "\\%03d", c)
	}
	b.WriteByte('"')
	return b.String()
}
