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

	"github.com/sluice-serving/sluice/xds/ir"
)

const (
	lowercaseFilter = "sluice.lowercase-host"
	luaType         = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
)

// lowercaseCode makes a host that was spelt with capitals find its scope: keys are compared exactly.
const lowercaseCode = `function envoy_on_request(handle)
  local headers = handle:headers()
  local host = headers:get("` + hostHeader + `")
  if host == nil then return end
  local lower = string.lower(host)
  if lower ~= host then
    headers:replace("` + hostHeader + `", lower)
    handle:clearRouteCache()
  end
end
`

// wildcardCode replaces a host that has no scope of its own by the longest wildcard over it, or by "*".
const wildcardCode = `local wildcards = {%s}
function envoy_on_request(handle)
  local headers = handle:headers()
  local host = string.match(headers:get("` + hostHeader + `") or "", "^[^:]*")
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
  if key ~= host then
    headers:replace("` + hostHeader + `", key)
    handle:clearRouteCache()
  end
end
`

// defaultPortName is how a route chooses defaultPortCode in place of the filter's own.
const defaultPortName = "default-port"

// defaultPortCode takes the port that the scheme implies out of a redirect. It stands in the first filter, which has
// done its own work by the time that a route is chosen for good.
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

// Wildcards gives the list of wildcard hosts of a listener, or of a scope of one with TLS. It configures a filter there
// and travels by itself (ECDS), so that the listener stays as it is. Every listener needs one, empty or not:
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
	name := wildcardFilter(scope)
	return newResource(ExtensionType, name, &core.TypedExtensionConfig{
		Name:        name,
		TypedConfig: pack(&lua.Lua{DefaultSourceCode: inline(fmt.Sprintf(wildcardCode, strings.Join(entries, ",")))}),
	}, object)
}

// wildcardFilter names the filter, and with it the extension resource that the filter subscribes to.
func wildcardFilter(listener string) string { return "sluice.wildcard-host/" + listener }

// httpFilters is the chain of every listener. It holds no filter that is absent from some routes: what differs
// by route is per-route configuration.
func httpFilters(listener string) []*hcm.HttpFilter {
	chain := []*hcm.HttpFilter{
		typedFilter(lowercaseFilter, pack(&lua.Lua{
			DefaultSourceCode: inline(lowercaseCode),
			SourceCodes:       map[string]*core.DataSource{defaultPortName: inline(defaultPortCode)},
		})),
		{
			Name: wildcardFilter(listener),
			ConfigType: &hcm.HttpFilter_ConfigDiscovery{ConfigDiscovery: &core.ExtensionConfigSource{
				ConfigSource: aggregated(),
				TypeUrls:     []string{luaType},
			}},
		},
		typedFilter(modelFilter, pack(&lua.Lua{SourceCodes: map[string]*core.DataSource{modelCodeName: inline(modelCode(listener))}})),
		typedFilter(noModelFilter, pack(&lua.Lua{DefaultSourceCode: inline(noModelCode(listener))})),
	}
	chain = append(chain, accessFilters()...)
	return append(chain, typedFilter("envoy.filters.http.router", pack(&router.Router{SuppressEnvoyHeaders: true})))
}

// hostFilters switches off, for a host that has been found, the filters that find one. The first of them goes on for a
// wildcard host, whose redirects it mends; the second is what found that.
func hostFilters(h ir.Host) map[string]*anypb.Any {
	off := pack(&lua.LuaPerRoute{Override: &lua.LuaPerRoute_Disabled{Disabled: true}})
	if IsWildcard(h.Name) && h.Model == "" {
		return map[string]*anypb.Any{noModelFilter: off}
	}
	return map[string]*anypb.Any{lowercaseFilter: off, wildcardFilter(h.Listener): off, noModelFilter: off}
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
