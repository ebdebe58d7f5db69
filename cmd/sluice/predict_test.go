package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/admin/admintest"
)

// gateway answers with what it was asked, 503 for the host of "asleep" and 400 for that of "strict".
func gateway(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if strings.HasPrefix(r.Host, "asleep") {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"error":"InferenceService default/asleep is not ready: Loading: wait"}`)
			return
		}
		if strings.HasPrefix(r.Host, "strict") {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"input X has the shape [2], not [-1, 4]"}`)
			return
		}
		if strings.HasPrefix(r.Host, "locked") && (r.Header.Get("Authorization") != "Bearer sesame" || r.Header.Get("X-Team") != "a b") {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":"no API key"}`)
			return
		}
		_, _ = io.WriteString(w, r.Method+" "+r.Host+" "+r.URL.Path+" "+r.Header.Get("Content-Type")+" "+string(body))
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestPredictNeedsNoDNSAndPicksTheProtocol(t *testing.T) {
	t.Parallel()
	dial := gateway(t)
	host := func(name string) []admin.URL {
		return []admin.URL{{Kind: admin.PathURL, URL: "http://localhost:8080/v2/models/" + name, Dial: dial},
			{Kind: admin.HostURL, URL: "http://" + name + "-default.localhost:8080", Dial: dial}}
	}
	environment := adminOf(t, admintest.Snapshot{ServiceList: []admin.Service{
		{Namespace: "default", Name: "iris", Ready: true, URLs: host("iris")},
		{Namespace: "default", Name: "asleep", URLs: host("asleep")},
		{Namespace: "default", Name: "strict", URLs: host("strict")},
		{Namespace: "default", Name: "locked", URLs: host("locked")},
		{Namespace: "default", Name: "new"},
		{Namespace: "default", Name: "gone", URLs: []admin.URL{{Kind: admin.HostURL, URL: "http://gone.localhost", Dial: "127.0.0.1:1"}}},
	}})
	const v1, v2 = `{"instances": [[1]]}`, `{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [1]}]}`
	file := filepath.Join(t.TempDir(), "input.json")
	if err := os.WriteFile(file, []byte(v2), 0o600); err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	answer := "POST iris-default.localhost:8080 "
	tests := []struct {
		name      string
		arguments []string
		in        string
		code      int
		out       string
		err       string
	}{
		{"V1 from standard input", []string{"iris", "-f", "-"}, v1, 0, answer + "/v1/models/iris:predict application/json " + v1 + "\n", ""},
		{"V2 from a file", []string{"iris", "-f", file}, "", 0, answer + "/v2/models/iris/infer application/json " + v2 + "\n", ""},
		{"V1 in columns", []string{"iris", "-f", "-"}, `{"inputs": {"x": [1]}}`, 0, answer + "/v1/models/iris:predict application/json " + `{"inputs": {"x": [1]}}` + "\n", ""},
		{"the protocol named", []string{"iris", "-f", "-", "--protocol", "v2"}, `{"x": 1}`, 0, answer + "/v2/models/iris/infer application/json " + `{"x": 1}` + "\n", ""},
		{"an unknown shape", []string{"iris", "-f", "-"}, `{"x": 1}`, 2, "", "neither"},
		{"an unknown protocol", []string{"iris", "-f", "-", "--protocol", "v3"}, v1, 2, "", `"v3" isn't known`},
		{"no JSON", []string{"iris", "-f", "-"}, `5.1, 3.5`, 2, "", "not a JSON object"},
		{"an array", []string{"iris", "-f", "-"}, `[[5.1]]`, 2, "", "error: the request's body is not a JSON object: it is a JSON array; give {"},
		{"JSON cut off", []string{"iris", "-f", "-"}, `{"instances": [`, 2, "", "not a JSON object: at byte 15: unexpected end"},
		{"a request refused", []string{"strict", "-f", "-"}, v1, 1, "", "400 Bad Request: input X has the shape [2], not [-1, 4]\n"},
		{"no input", []string{"iris"}, "", 2, "", "-f -"},
		{"no such file", []string{"iris", "-f", file + "x"}, "", 2, "", "no such file"},
		{"a service that isn't ready", []string{"asleep", "-f", "-"}, v1, 1, "", "503 Service Unavailable: InferenceService default/asleep is not ready: Loading: wait; for the cause: sluice explain asleep"},
		{"a service without URL", []string{"new", "-f", "-"}, v1, 1, "", "has no URL yet (Pending)"},
		{"a locked service", []string{"locked", "-f", "-"}, v1, 1, "", "401 Unauthorized: no API key; give its key or token by --token-file FILE"},
		{"a key shown", []string{"locked", "-f", "-", "--token-file", token, "--header", "X-Team: a b"}, v1, 0, "POST locked-default.localhost:8080 /v1/models/locked:predict application/json " + v1 + "\n", ""},
		{"no token", []string{"locked", "-f", "-", "--token-file", file}, v1, 2, "", "doesn't hold a single key or token"},
		{"no header", []string{"locked", "-f", "-", "--header", "sesame"}, v1, 2, "", "not of the form 'Name: value'"},
		{"no Gateway", []string{"gone", "-f", "-"}, v1, 3, "", "can't reach the Gateway at 127.0.0.1:1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := sluice(t.Context(), strings.NewReader(test.in), environment, append([]string{"predict"}, test.arguments...)...)
			if got.code != test.code || got.out != test.out || !strings.Contains(got.err, test.err) || (test.err == "" && got.err != "") {
				t.Errorf("code %d, out %q, error %q", got.code, got.out, got.err)
			}
			if strings.Count(got.err, "\n") > 1 {
				t.Errorf("the error has several lines: %q", got.err)
			}
		})
	}
}
