package storage

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// answers is a server without a network.
type answers func(r *http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func answer(r *http.Request, code int, body io.Reader, headers ...string) *http.Response {
	response := &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(body), Request: r}
	for i := 0; i < len(headers); i += 2 {
		response.Header.Set(headers[i], headers[i+1])
	}
	return response
}

// slow gives a byte in each while.
type slow struct {
	io.Reader
	while time.Duration
}

func (s slow) Read(p []byte) (int, error) {
	<-time.After(s.while)
	return s.Reader.Read(p[:1])
}

func parsed(t *testing.T, text string) origin.URI {
	t.Helper()
	u, err := origin.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func emptyEnvironment(values map[string]string) environment {
	return environment{get: func(name string) string { return values[name] }}
}

// A listing of many pages takes as long as it takes while something comes.
func TestListingThatIsSlowAndNotSilent(t *testing.T) {
	t.Parallel()
	u := parsed(t, "hf://org/name")
	synctest.Test(t, func(t *testing.T) {
		f := New(Options{Stall: time.Second})
		server := answers(func(r *http.Request) (*http.Response, error) {
			<-time.After(900 * time.Millisecond)
			entries := `[{"type":"file","path":"` + r.URL.Query().Get("cursor") + `x","size":1,"oid":"1"}]`
			if strings.Contains(r.URL.Path, "/revision/") {
				entries = `{"sha":"1"}`
			}
			next := map[string]string{"": "<?cursor=a>; rel=next", "a": "<?cursor=b>; rel=next"}[r.URL.Query().Get("cursor")]
			return answer(r, http.StatusOK, slow{strings.NewReader(entries), 900 * time.Millisecond}, "Link", next), nil
		})
		objects, err := f.list(t.Context(), u, openHub(u, emptyEnvironment(nil), watching{server}))
		if err != nil || len(objects) != 3 {
			t.Errorf("got %v, %v", objects, err)
		}
	})
}

// A server that is silent is asked for a listing twice, each time for as long as it may be silent.
func TestListingOfASilentServer(t *testing.T) {
	t.Parallel()
	u := parsed(t, "https://example.com/m.onnx")
	synctest.Test(t, func(t *testing.T) {
		f := New(Options{Stall: 30 * time.Second})
		asked := 0
		server := answers(func(r *http.Request) (*http.Response, error) {
			asked++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		from, err := openWeb(u, emptyEnvironment(nil), watching{server})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err = f.list(t.Context(), u, from)
		if took := time.Since(began); !errors.Is(err, errStalled) || asked != 2 || took > 61*time.Second {
			t.Errorf("got %v after %d requests in %s", err, asked, took)
		}
	})
}

// Secret headers stay with the server that they are for, and do not leave its TLS.
func TestSecretsStayWithinTLS(t *testing.T) {
	t.Parallel()
	for to, sent := range map[string]bool{
		"https://example.com/other": true, "http://example.com/other": false, "https://cdn.example.com/other": false, "https://example.com:8443/other": false,
	} {
		saw := false
		server := answers(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/other") {
				return answer(r, http.StatusFound, strings.NewReader(""), "Location", to), nil
			}
			saw = r.Header.Get("X-Key") != "" || r.Header.Get("Authorization") != ""
			return answer(r, http.StatusNotFound, strings.NewReader("")), nil
		})
		web := parsed(t, "https://example.com/m.onnx")
		from, err := openWeb(web, emptyEnvironment(map[string]string{"example.com-headers": `{"X-Key": "swordfish", "Authorization": "swordfish"}`}), server)
		if err != nil {
			t.Fatal(err)
		}
		hub := openHub(parsed(t, "hf://org/name"), emptyEnvironment(map[string]string{"HF_ENDPOINT": "https://example.com", "HF_TOKEN": "swordfish"}), server)
		for what, from := range map[string]source{"web": from, "hub": hub} {
			if _, err := from.list(t.Context()); err == nil || saw != sent {
				t.Errorf("%s to %s: the secret was sent %v, want %v; %v", what, to, saw, sent, err)
			}
		}
	}
}
