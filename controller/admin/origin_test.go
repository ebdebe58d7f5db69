package admin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestOtherSitesReadNothing asks as browsers do on behalf of pages: the console's own, a typed address, another site's.
func TestOtherSitesReadNothing(t *testing.T) {
	t.Parallel()
	server := newServer(snapshot(), "127.0.0.1:9080")
	for name, c := range map[string]struct {
		header map[string]string
		want   int
	}{
		"no browser":             {nil, http.StatusOK},
		"a typed address":        {map[string]string{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, http.StatusOK},
		"its own page":           {map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:9080"}, http.StatusOK},
		"a link":                 {map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, http.StatusOK},
		"another site's fetch":   {map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Origin": "https://evil.example.com"}, http.StatusForbidden},
		"another site's tag":     {map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, http.StatusForbidden},
		"an old browser's fetch": {map[string]string{"Origin": "https://evil.example.com"}, http.StatusForbidden},
		"a file's fetch":         {map[string]string{"Origin": "null"}, http.StatusForbidden},
	} {
		request := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:9080/api/v1/services", nil)
		for name, value := range c.header {
			request.Header.Set(name, value)
		}
		recorder := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorder, request)
		if recorder.Code != c.want {
			t.Errorf("%s: %d %s, want %d", name, recorder.Code, recorder.Body, c.want)
		}
	}
}
