package storage

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// hub is a model of the Hugging Face hub, or of a mirror that HF_ENDPOINT names, by the hub's public protocol: a listing of
// the repository's tree at a commit, and files that it redirects to.
type hub struct {
	uri      origin.URI
	web      *web
	endpoint string
	// commit is what the revision is at, once it is known.
	commit string
}

func openHub(u origin.URI, e environment, transport http.RoundTripper) source {
	endpoint := strings.TrimSuffix(e.first("HF_ENDPOINT"), "/")
	if endpoint == "" {
		endpoint = "https://huggingface.co"
	}
	headers := http.Header{}
	if token := e.hubToken(); token != "" {
		headers.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{Transport: transport, CheckRedirect: keepAtHost(headers)}
	return &hub{uri: u, endpoint: endpoint, web: &web{uri: u, client: client, headers: headers}}
}

func (h *hub) place() string { return "hf|" + h.endpoint + "|" + h.uri.Bucket }

func (h *hub) list(ctx context.Context) ([]object, error) {
	var model struct {
		SHA string `json:"sha"`
	}
	if _, err := h.ask(ctx, h.endpoint+"/api/models/"+h.uri.Bucket+"/revision/"+url.PathEscape(h.uri.Revision), &model); err != nil {
		return nil, err
	}
	if h.commit = model.SHA; h.commit == "" {
		h.commit = h.uri.Revision
	}
	var found []object
	next := h.endpoint + "/api/models/" + h.uri.Bucket + "/tree/" + url.PathEscape(h.commit) + "?recursive=true"
	for next != "" {
		var entries []hubEntry
		following, err := h.ask(ctx, next, &entries)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if entry.Type != "file" {
				continue
			}
			if err := safeName(h.uri, entry.Path); err != nil {
				return nil, err
			}
			found = append(found, entry.object())
		}
		if len(found) > maxObjects {
			return nil, h.uri.Fail(origin.ReasonInvalidURI, "it has more than %d files", "choose a model", maxObjects)
		}
		next = following
	}
	if len(found) == 0 {
		return nil, h.uri.Fail(origin.ReasonEmptyPrefix, "the model has no files at revision %q", "choose another revision", h.uri.Revision)
	}
	return found, nil
}

// hubEntry is an entry of a tree's listing.
type hubEntry struct {
	Type string `json:"type"`
	Path string `json:"path"`
	Size int64  `json:"size"`
	OID  string `json:"oid"`
	LFS  *struct {
		OID  string `json:"oid"`
		Size int64  `json:"size"`
	} `json:"lfs"`
}

// object has the SHA-256 of a large file, and of a small one Git's own.
func (e hubEntry) object() object {
	o := object{name: e.Path, key: e.Path, size: e.Size, version: e.OID, ranged: true}
	name, text := "git", e.OID
	if e.LFS != nil {
		o.size, o.version = e.LFS.Size, e.LFS.OID
		name, text = "sha256", strings.TrimPrefix(e.LFS.OID, "sha256:")
	}
	if want, err := hex.DecodeString(text); err == nil && (name == "git" && len(want) == 20 || name == "sha256" && len(want) == 32) {
		o.sum = checksum{name: name, want: want}
	}
	return o
}

// maxListing bounds one answer of the hub's listing.
const maxListing = 64 << 20

// ask reads JSON, and gives the address of the page after it.
func (h *hub) ask(ctx context.Context, address string, into any) (next string, err error) {
	response, err := h.web.get(ctx, address, "")
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", &statusError{code: response.StatusCode, hub: true}
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxListing)).Decode(into); err != nil {
		return "", fmt.Errorf("the hub's answer is no listing: %w", err)
	}
	return h.nextPage(response)
}

// nextPage reads the header Link: <address>; rel="next". A page elsewhere is not followed, since the token would go there, and
// not left out either: a part of the files would pass for the model.
func (h *hub) nextPage(response *http.Response) (string, error) {
	address := linkTo("next", response.Header.Values("Link"))
	if address == "" {
		return "", nil
	}
	page, err := response.Request.URL.Parse(address)
	if err != nil {
		return "", h.uri.Fail(origin.ReasonServer, "the listing's next page has no address", "look at the mirror that HF_ENDPOINT names")
	}
	home, err := url.Parse(h.endpoint)
	if err != nil || !sameServer(home, page) {
		return "", h.uri.Fail(origin.ReasonServer, "the listing goes on at another server, %s", "set HF_ENDPOINT to the one that serves all of it",
			origin.Clipped(page.Scheme+"://"+page.Host))
	}
	return page.String(), nil
}

// linkTo gives the address of a relation in headers Link (RFC 8288), or "".
func linkTo(relation string, headers []string) string {
	rest := strings.Join(headers, ", ")
	for {
		_, after, found := strings.Cut(rest, "<")
		address, parameters, closed := strings.Cut(after, ">")
		if !found || !closed {
			return ""
		}
		parameters, rest, _ = strings.Cut(parameters, "<")
		rest = "<" + rest
		for parameter := range strings.SplitSeq(parameters, ";") {
			name, value, _ := strings.Cut(strings.Trim(parameter, " ,"), "=")
			words := strings.Fields(strings.Trim(value, `"`))
			if strings.EqualFold(name, "rel") && slices.ContainsFunc(words, func(word string) bool { return strings.EqualFold(word, relation) }) {
				return address
			}
		}
	}
}

func (h *hub) open(ctx context.Context, o object, offset, length int64) (io.ReadCloser, error) {
	elements := strings.Split(o.key, "/")
	for i := range elements {
		elements[i] = url.PathEscape(elements[i])
	}
	address := h.endpoint + "/" + h.uri.Bucket + "/resolve/" + url.PathEscape(h.commit) + "/" + path.Join(elements...)
	plain := o
	plain.version = "" // the ETag that stands here is the redirection's, not the file's
	return h.web.read(ctx, address, plain, offset, length)
}

func (h *hub) trusts(context.Context, object) bool { return true }

func (h *hub) close() error { return nil }
