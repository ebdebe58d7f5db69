package envoy

import "fmt"

const (
	// modelFilter looks for the model that a path names, where the route chosen asks for that. It is a filter of its own, since
	// that route may be one that the filter before it has found.
	modelFilter = "sluice.by-model"
	// modelCodeName is how a route asks for the search.
	modelCodeName = "by-model"
	// modelMark stands between the listener and the model in a scope's key. No listener's name has it.
	modelMark = "/models/"
)

// scopeListener is how a scope's key begins. A client has no part in it: the header that it is compared with is
// overwritten with the listener's name for every request, and only modelCode adds to that.
func scopeListener(listener, model string) string {
	if model == "" {
		return listener
	}
	return listener + modelMark + model
}

// modelCode leads a request to the scope of the model that its path names, or, where there is none, back to its host, which
// says that there is no such model. So the routes of one model are a table of their own: with all models' in the table
// of one host, Envoy makes a thousand expressions anew for each change of any (30 ms).
func modelCode(listener string) string {
	return choosingCode + fmt.Sprintf(`function envoy_on_request(handle)
  local headers = handle:headers()
  local model = string.match(headers:get(":path") or "", "^/v[12]/models/([^/:?#|]+)")
  if model == nil then return end
  local scope = headers:get("%[1]s")
  choose(handle, headers, %[2]s .. model .. string.sub(scope, %[3]d))
  if not chosen(handle) then choose(handle, headers, scope) end
end
`, scopeHeader, luaString(listener+modelMark), len(listener)+1)
}
