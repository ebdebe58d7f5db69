package storage_test

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

const hubCommit = "0123456789abcdef0123456789abcdef01234567"

// mirror speaks the hub's public protocol: a revision's commit, the tree in pages, and files, of which the large ones are
// redirected to another host.
type mirror struct {
	small, large map[string][]byte
	// lies has the listing name another hash for this file.
	lies string
	// next is the header Link of the listing's first page; empty leads to the second.
	next  string
	files string
	// leaked says that the token came to the host of the large files.
	leaked atomic.Bool
	served atomic.Int64
}

func (m *mirror) start(t *testing.T) string {
	m.files = serveWeb(t, func(w http.ResponseWriter, r *http.Request) {
		m.leaked.Store(m.leaked.Load() || r.Header.Get("Authorization") != "")
		m.served.Add(1)
		content(m.large[strings.TrimPrefix(r.URL.Path, "/")])(w, r)
	})
	return serveWeb(t, m.handle)
}

func (m *mirror) handle(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer hf_secret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	file, isFile := strings.CutPrefix(r.URL.Path, "/org/name/resolve/"+hubCommit+"/")
	switch {
	case isFile && m.large[file] != nil:
		http.Redirect(w, r, strings.Replace(m.files, "127.0.0.1", "localhost", 1)+"/"+file, http.StatusFound)
	case isFile && m.small[file] != nil:
		content(m.small[file])(w, r)
	case r.URL.Path == "/api/models/org/name/revision/main":
		_ = json.NewEncoder(w).Encode(map[string]string{"sha": hubCommit})
	case r.URL.Path == "/api/models/org/name/tree/"+hubCommit && r.URL.Query().Get("cursor") == "":
		w.Header().Add("Link", `<https://example.com/a,b>; rel="license"`)
		w.Header().Add("Link", cmp.Or(m.next, `<`+r.URL.Path+`?recursive=true&cursor=2>; title=more; rel=next`))
		_ = json.NewEncoder(w).Encode(append(m.entries(m.small, false), map[string]any{"type": "directory", "path": "sub"}))
	case r.URL.Path == "/api/models/org/name/tree/"+hubCommit:
		_ = json.NewEncoder(w).Encode(m.entries(m.large, true))
	default:
		http.NotFound(w, r)
	}
}

func (m *mirror) entries(files map[string][]byte, large bool) []map[string]any {
	var out []map[string]any
	for path, data := range files {
		git := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(data), data))
		whole := sha256.Sum256(data)
		if m.lies == path {
			git, whole = [20]byte{}, [32]byte{}
		}
		entry := map[string]any{"type": "file", "path": path, "size": len(data), "oid": hex.EncodeToString(git[:])}
		if large {
			entry["lfs"] = map[string]any{"oid": hex.EncodeToString(whole[:]), "size": len(data), "pointerSize": 134}
		}
		out = append(out, entry)
	}
	return out
}

func TestHubModel(t *testing.T) {
	t.Parallel()
	m := &mirror{
		small: map[string][]byte{"config.json": []byte(`{}`), "sub/vocab.txt": []byte("a\nb")},
		large: map[string][]byte{"model.safetensors": noise("hub", big)},
	}
	f := newTester(t, map[string]string{"HF_ENDPOINT": m.start(t), "HF_TOKEN": "hf_secret"})
	f.mustFetch("hf://org/name")
	f.want(map[string][]byte{"config.json": m.small["config.json"], "sub/vocab.txt": m.small["sub/vocab.txt"], "model.safetensors": m.large["model.safetensors"]})
	if m.leaked.Load() {
		t.Error("the token went to the host of the large files")
	}
	served := m.served.Load()
	f.dir += "2"
	f.mustFetch("hf://org/name:main")
	if m.served.Load() != served {
		t.Error("what the cache has was fetched again")
	}
	f.dir += "3"
	f.mustFail3(t, "hf://org/name:none", origin.ReasonBucketNotFound, "HF_TOKEN")
	f.env["HF_TOKEN"] = ""
	f.mustFail3(t, "hf://org/name", origin.ReasonCredentials, "HF_TOKEN")
}

// mustFail3 is mustFail beside models that are there.
func (f *tester) mustFail3(t *testing.T, uri string, reason origin.Reason, word string) {
	t.Helper()
	if err := f.fetch(uri); origin.ReasonOf(err) != reason || !strings.Contains(err.Error(), word) {
		t.Errorf("got %v, want %s with %q", err, reason, word)
	}
}

func TestHubChecksums(t *testing.T) {
	t.Parallel()
	for _, lies := range []string{"config.json", "model.safetensors"} {
		m := &mirror{
			lies: lies, small: map[string][]byte{"config.json": []byte(`{}`)}, large: map[string][]byte{"model.safetensors": []byte("weights")},
		}
		f := newTester(t, map[string]string{"HF_ENDPOINT": m.start(t), "HF_TOKEN": "hf_secret"})
		f.mustFail("hf://org/name", origin.ReasonChecksum, lies)
	}
}

func TestHubNamesThatLeadOut(t *testing.T) {
	t.Parallel()
	m := &mirror{small: map[string][]byte{"../evil": []byte("x")}}
	f := newTester(t, map[string]string{"HF_ENDPOINT": m.start(t), "HF_TOKEN": "hf_secret"})
	f.mustFail("hf://org/name", origin.ReasonUnsafeArchive, "../evil")
}

// A listing that goes on elsewhere is an error: without the rest, a part of the model would pass for all of it.
func TestHubListingThatGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	for _, next := range []string{`<http://127.0.0.1:1/more>; rel="next"`, `<http://[>; rel="next"`} {
		m := &mirror{next: next, small: map[string][]byte{"config.json": []byte(`{}`)}, large: map[string][]byte{"model.safetensors": []byte("weights")}}
		f := newTester(t, map[string]string{"HF_ENDPOINT": m.start(t), "HF_TOKEN": "hf_secret"})
		f.mustFail("hf://org/name", origin.ReasonServer, "the listing")
	}
}
