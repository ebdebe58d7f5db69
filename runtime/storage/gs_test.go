package storage_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fsouza/fake-gcs-server/fakestorage"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
	"github.com/sluice-serving/sluice/test/stores"
)

func TestGS(t *testing.T) {
	t.Parallel()
	data := noise("gs", big)
	object := func(name string, data []byte) fakestorage.Object {
		return fakestorage.Object{ObjectAttrs: fakestorage.ObjectAttrs{BucketName: "models", Name: name}, Content: data}
	}
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{
		Scheme: "http", Host: "127.0.0.1",
		InitialObjects: []fakestorage.Object{object("m/iris/model.bin", data), object("m/iris/1/a b.txt", []byte("two")), object("m/iris2/x", []byte("no"))},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	faults := stores.NewFaults(t, server.URL(), "model.bin")
	f := newTester(t, map[string]string{"STORAGE_EMULATOR_HOST": strings.TrimPrefix(faults.URL, "http://")})
	f.mustFail("gs://models/none", origin.ReasonEmptyPrefix)
	f.mustFail("gs://other/m", origin.ReasonBucketNotFound, `"other"`)
	faults.CutAfter(big / 2)
	f.mustFail("gs://models/m/iris", origin.ReasonConnection, "model.bin")
	faults.Mend()
	f.mustFetch("gs://models/m/iris")
	f.want(map[string][]byte{"model.bin": data, "1/a b.txt": []byte("two")})
	if sent := faults.Sent.Load(); sent > big+9<<20 {
		t.Errorf("%d bytes were sent for an object of %d", sent, big)
	}
	f = newTester(t, map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": "/none.json"})
	f.mustFail("gs://models/m", origin.ReasonCredentials, "GOOGLE_APPLICATION_CREDENTIALS")
}

func TestGSObjectReplacedWhileItIsFetched(t *testing.T) {
	t.Parallel()
	object := func(content string) fakestorage.Object {
		return fakestorage.Object{ObjectAttrs: fakestorage.ObjectAttrs{BucketName: "models", Name: "m/model.bin"}, Content: []byte(content)}
	}
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{Scheme: "http", Host: "127.0.0.1", InitialObjects: []fakestorage.Object{object("old")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	to, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	var replaced atomic.Bool
	front := serveWeb(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("alt") == "media" && replaced.CompareAndSwap(false, true) {
			server.CreateObject(object("new"))
		}
		proxy.ServeHTTP(w, r)
	})
	f := newTester(t, map[string]string{"STORAGE_EMULATOR_HOST": front})
	f.mustFail("gs://models/m", origin.ReasonChanged, "replaced", "try again")
	f.mustFetch("gs://models/m")
	f.want(map[string][]byte{"model.bin": []byte("new")})
}
