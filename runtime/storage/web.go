package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// web is one file of a web server.
type web struct {
	uri     origin.URI
	client  *http.Client
	headers http.Header
}

// openWeb takes the headers of KServe's https Secret from the variable HOST-headers.
func openWeb(u origin.URI, e environment, transport http.RoundTripper) (source, error) {
	w := &web{uri: u, client: &http.Client{Transport: transport}, headers: http.Header{}}
	parsed, err := url.Parse(u.Text())
	if err != nil {
		return nil, u.Invalid("it is no web address")
	}
	text := e.first(parsed.Hostname()+"-headers", parsed.Host+"-headers")
	if text == "" {
		return w, nil
	}
	var headers map[string]string
	if err := json.Unmarshal([]byte(text), &headers); err != nil {
		return nil, u.Fail(origin.ReasonCredentials, "the Secret's headers for this host are no JSON object of strings", `write headers: '{"name": "value"}'`)
	}
	for name, value := range headers {
		w.headers.Set(name, value)
	}
	w.client.CheckRedirect = keepAtHost(w.headers)
	return w, nil
}

// keepAtHost drops secret headers where a redirection leads to another host, or from https to http. net/http itself sends on
// those that it doesn't know as credentials, and looks at the host's name alone for the others.
func keepAtHost(secret http.Header) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, before []*http.Request) error {
		if len(before) > 10 {
			return fmt.Errorf("redirected more than 10 times")
		}
		if !sameServer(before[0].URL, next.URL) {
			for name := range secret {
				next.Header.Del(name)
			}
		}
		return nil
	}
}

// sameServer says whether what is meant for one address may be sent to another: of the same host, and not less guarded.
func sameServer(meant, to *url.URL) bool {
	return to.Host == meant.Host && (to.Scheme == meant.Scheme || to.Scheme == "https")
}

func (w *web) place() string {
	return "web|" + w.uri.Text()
}

// statusError is an answer that is no success.
type statusError struct {
	code int
	// hub says that the hub's listing gave it, for which a missing model looks like one that is not allowed.
	hub bool
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the server answers %d %s", e.code, http.StatusText(e.code))
}

// list asks for the first byte: its answer tells the size, and whether ranges are served. A HEAD would be refused by an
// address that is signed for GET.
func (w *web) list(ctx context.Context) ([]object, error) {
	o := object{name: w.uri.Base(), key: w.uri.Text(), size: -1}
	if err := safeName(w.uri, o.name); err != nil {
		return nil, err
	}
	response, err := w.get(ctx, w.uri.Text(), "bytes=0-0")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	tag := response.Header.Get("ETag")
	if !strings.HasPrefix(tag, "W/") {
		o.version = tag
	}
	switch response.StatusCode {
	case http.StatusPartialContent:
		_, size, _ := strings.Cut(response.Header.Get("Content-Range"), "/")
		if o.size, err = strconv.ParseInt(size, 10, 64); err != nil {
			o.size = -1
		}
		// Parts of a file that may be replaced at any moment must not be put together.
		o.ranged = o.size > 0 && o.version != ""
	case http.StatusOK:
		o.size = response.ContentLength
	case http.StatusRequestedRangeNotSatisfiable:
		o.size = 0
	default:
		return nil, &statusError{code: response.StatusCode}
	}
	return []object{o}, nil
}

func (w *web) open(ctx context.Context, o object, offset, length int64) (io.ReadCloser, error) {
	return w.read(ctx, w.uri.Text(), o, offset, length)
}

// read gives a part of a file, and refuses an answer that is another part.
func (w *web) read(ctx context.Context, address string, o object, offset, length int64) (io.ReadCloser, error) {
	ranged := ""
	if o.ranged {
		ranged = rangeOf(offset, length)
	}
	response, err := w.get(ctx, address, ranged)
	if err != nil {
		return nil, err
	}
	tag := response.Header.Get("ETag")
	switch {
	case ranged == "" && response.StatusCode == http.StatusOK, response.StatusCode == http.StatusPartialContent && contentStarts(response, offset):
		if o.version != "" && tag != "" && tag != o.version {
			_ = response.Body.Close()
			return nil, &statusError{code: http.StatusPreconditionFailed}
		}
		return response.Body, nil
	case response.StatusCode == http.StatusOK && offset == 0:
		return response.Body, nil // the whole, from a server that serves no ranges after all
	}
	_ = response.Body.Close()
	if response.StatusCode == http.StatusOK || response.StatusCode == http.StatusPartialContent {
		return nil, errOtherPart
	}
	return nil, &statusError{code: response.StatusCode}
}

// errOtherPart says that an answer is not what was asked for.
var errOtherPart = errors.New("the server sends another part of the file than was asked for")

// rangeOf is the header Range of length bytes from offset, or of all from there if length is negative.
func rangeOf(offset, length int64) string {
	text := fmt.Sprintf("bytes=%d-", offset)
	if length >= 0 {
		text += strconv.FormatInt(offset+length-1, 10)
	}
	return text
}

func contentStarts(response *http.Response, offset int64) bool {
	return strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset))
}

func (w *web) get(ctx context.Context, address, ranged string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, w.uri.Invalid("it is no web address")
	}
	for name, values := range w.headers {
		request.Header[name] = values
	}
	request.Header.Set("User-Agent", "sluice")
	if ranged != "" {
		request.Header.Set("Range", ranged)
	}
	return w.client.Do(request)
}

func (w *web) trusts(context.Context, object) bool { return true }

func (w *web) close() error { return nil }
