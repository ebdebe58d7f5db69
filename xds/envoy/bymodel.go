package envoy

import "fmt"

const (
	// modelFilter looks for the model that a path names, where the route chosen asks for that, and noModelFilter takes the
	// search back where no such model is there.
	modelFilter   = "sluice.by-model"
	noModelFilter = "sluice.no-model"
	// modelCodeName is how a route asks for the search.
	modelCodeName = "by-model"
	// modelMark stands between the listener and the model in the first fragment of a scope's key. No listener's name has it.
	modelMark = "/models/"
)

// scopeListener is the first fragment of a scope's key. A client has no part in it: the header that it is compared with is
// overwritten with the listener's name for every request, and only modelCode adds to that.
func scopeListener(listener, model string) string {
	if model == "" {
		return listener
	}
	return listener + modelMark + model
}

// modelCode leads a request to the scope of the model that its path names. So the routes of one model are a table of their
// own: with all models' in the table of one host, Envoy makes a thousand expressions anew for each change of any (30 ms).
func modelCode(listener string) string {
	return fmt.Sprintf(`function envoy_on_request(handle)
  local headers = handle:headers()
  local model = string.match(headers:get(":path") or "", "^/v[12]/models/([^/:?#]+)")
  if model == nil then return end
  headers:replace("%s", %s .. model)
  handle:clearRouteCache()
end
`, listenerHeader, luaString(listener+modelMark))
}

// noModelCode runs where no scope was found. It leads a request that was looked for among the models back to its host,
// which says that there is no such model.
func noModelCode(listener string) string {
	return fmt.Sprintf(`function envoy_on_request(handle)
  local headers = handle:headers()
  if headers:get("%[1]s") == %[2]s then return end
  headers:replace("%[1]s", %[2]s)
  handle:clearRouteCache()
end
`, listenerHeader, luaString(listener))
}
