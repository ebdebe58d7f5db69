package storage

import (
	"context"
	"crypto/md5" //nolint:gosec // only its size; the store names such sums
	"encoding/base64"
	"hash/crc32"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/option"
	gsapi "google.golang.org/api/storage/v1"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// readScope is all that a fetch may do with the user's Google account.
const readScope = "https://www.googleapis.com/auth/devstorage.read_only"

// gs is a bucket by Google's generated client of the store's JSON API. The larger client beside it brings gRPC's and
// OpenTelemetry's exporters with it, 15 MiB of the binary and a tenth of a model server's memory.
type gs struct {
	uri     origin.URI
	objects *gsapi.ObjectsService
	at      string
}

var _ source = (*gs)(nil)

// openGS opens a bucket of Google Cloud Storage, or of an emulator.
func openGS(ctx context.Context, u origin.URI, e environment, transport http.RoundTripper) (source, error) {
	client, err := googleClient(ctx, u, e, transport)
	if err != nil {
		return nil, err
	}
	options := []option.ClientOption{option.WithHTTPClient(client)}
	endpoint := e.first("STORAGE_EMULATOR_HOST")
	if endpoint != "" {
		if !strings.Contains(endpoint, "://") {
			endpoint = "http://" + endpoint
		}
		options = append(options, option.WithEndpoint(strings.TrimSuffix(endpoint, "/")+"/storage/v1/"))
	}
	service, err := gsapi.NewService(ctx, options...)
	if err != nil {
		return nil, err
	}
	return &gs{uri: u, objects: service.Objects, at: "gs|" + endpoint + "|" + u.Bucket}, nil
}

func (g *gs) place() string { return g.at }

func (g *gs) list(ctx context.Context) ([]object, error) {
	call := g.objects.List(g.uri.Bucket).Prefix(g.uri.Path).Context(ctx).
		Fields("nextPageToken", "items(name,size,generation,md5Hash,crc32c,contentEncoding)")
	var found []object
	for {
		page, err := call.Do()
		if err != nil {
			return nil, err
		}
		for _, entry := range page.Items {
			o := g.object(entry)
			if found = append(found, o); o.key == g.uri.Path { // a listing begins with the object of the prefix's own name
				return placed(g.uri, found)
			}
		}
		if len(found) > maxObjects {
			return nil, tooMany(g.uri)
		}
		if page.NextPageToken == "" {
			return placed(g.uri, found)
		}
		call.PageToken(page.NextPageToken)
	}
}

// object takes MD5 or, for an object that was put together of others, CRC32C.
func (g *gs) object(entry *gsapi.Object) object {
	o := object{key: entry.Name, name: path.Base(entry.Name), size: int64(entry.Size), ranged: true}
	if entry.Generation != 0 {
		o.version = strconv.FormatInt(entry.Generation, 10)
	}
	if entry.ContentEncoding == "gzip" {
		// The store unpacks it on the way: what comes has another size, no ranges and no checksum.
		o.size, o.ranged = -1, false
		return o
	}
	for _, sum := range []struct {
		name, text string
		size       int
	}{{"md5", entry.Md5Hash, md5.Size}, {"crc32c", entry.Crc32c, crc32.Size}} {
		if want, err := base64.StdEncoding.DecodeString(sum.text); err == nil && len(want) == sum.size {
			o.sum = checksum{name: sum.name, want: want}
			break
		}
	}
	return o
}

func (g *gs) open(ctx context.Context, o object, offset, length int64) (io.ReadCloser, error) {
	call := g.objects.Get(g.uri.Bucket, o.key).Context(ctx)
	if generation, err := strconv.ParseInt(o.version, 10, 64); err == nil {
		call.Generation(generation)
	}
	if o.ranged {
		call.Header().Set("Range", rangeOf(offset, length))
	}
	response, err := call.Download()
	switch {
	case err != nil && status(err) == http.StatusNotFound && o.version != "":
		return nil, &statusError{code: http.StatusPreconditionFailed} // it was listed: this generation of it has gone
	case err != nil:
		return nil, err
	case !o.ranged, response.StatusCode == http.StatusPartialContent && contentStarts(response, offset), offset == 0 && response.StatusCode == http.StatusOK:
		return response.Body, nil
	}
	_ = response.Body.Close()
	return nil, errOtherPart
}

func (g *gs) trusts(context.Context, object) bool { return true }

func (g *gs) close() error { return nil }

func googleClient(ctx context.Context, u origin.URI, e environment, transport http.RoundTripper) (*http.Client, error) {
	anonymous := &http.Client{Transport: transport}
	if e.first("STORAGE_EMULATOR_HOST") != "" || e.flag(false, "GOOGLE_ANONYMOUS_CREDENTIAL") {
		return anonymous, nil
	}
	tokens := context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: transport, Timeout: time.Minute})
	key, err := e.googleKey()
	if err != nil {
		return nil, u.Fail(origin.ReasonCredentials, "the Google service account's key can't be read", "correct GOOGLE_APPLICATION_CREDENTIALS or the Secret's entry").Because(err)
	}
	if key == nil {
		found, err := google.FindDefaultCredentials(tokens, readScope)
		if err != nil {
			return anonymous, nil // a public bucket can still be read
		}
		return &http.Client{Transport: &oauth2.Transport{Base: transport, Source: found.TokenSource}}, nil
	}
	found, err := google.CredentialsFromJSON(tokens, key, readScope) //nolint:staticcheck // the user's own file, of whatever kind of identity it is
	if err != nil {
		return nil, u.Fail(origin.ReasonCredentials, "the Google credentials are not a key file", "correct GOOGLE_APPLICATION_CREDENTIALS or the Secret's entry").Because(err)
	}
	return &http.Client{Transport: &oauth2.Transport{Base: transport, Source: found.TokenSource}}, nil
}
