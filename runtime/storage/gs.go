package storage

import (
	"context"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"
	"time"

	gstorage "cloud.google.com/go/storage"
	"gocloud.dev/blob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/gcp"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/option"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// readScope is all that a fetch may do with the user's Google account.
const readScope = "https://www.googleapis.com/auth/devstorage.read_only"

// openGS opens a bucket of Google Cloud Storage, or of an emulator.
func openGS(ctx context.Context, u origin.URI, e environment, transport http.RoundTripper) (source, error) {
	client, err := googleClient(ctx, u, e, transport)
	if err != nil {
		return nil, err
	}
	var options []option.ClientOption
	endpoint := e.first("STORAGE_EMULATOR_HOST")
	if endpoint != "" {
		if !strings.Contains(endpoint, "://") {
			endpoint = "http://" + endpoint
		}
		options = append(options, option.WithEndpoint(strings.TrimSuffix(endpoint, "/")+"/storage/v1/"))
	}
	options = append(options, gstorage.WithJSONReads(), option.WithHTTPClient(&client.Client))
	own, err := gstorage.NewClient(ctx, options...)
	if err != nil {
		return nil, err
	}
	own.SetRetry(gstorage.WithPolicy(gstorage.RetryNever)) // the fetch itself tries again
	bucket, err := gcsblob.OpenBucket(ctx, nil, u.Bucket, &gcsblob.Options{Client: own})
	if err != nil {
		return nil, err
	}
	return &bucketStore{
		uri: u, bucket: bucket, at: "gs|" + endpoint + "|" + u.Bucket, shut: own.Close,
		describe: describeGS,
		pin: func(o object, as func(any) bool) {
			var handle **gstorage.ObjectHandle
			if !as(&handle) {
				return
			}
			if generation, err := strconv.ParseInt(o.version, 10, 64); err == nil {
				*handle = (*handle).Generation(generation)
			}
		},
	}, nil
}

// describeGS takes MD5 or, for an object that was put together of others, CRC32C.
func describeGS(entry *blob.ListObject, o *object) {
	var own gstorage.ObjectAttrs
	if !entry.As(&own) {
		return
	}
	if own.Generation != 0 {
		o.version = strconv.FormatInt(own.Generation, 10)
	}
	switch {
	case own.ContentEncoding == "gzip":
		// The store unpacks it on the way: what comes has another size, no ranges and no checksum.
		o.size, o.ranged = -1, false
	case len(own.MD5) > 0:
		o.sum = checksum{name: "md5", want: own.MD5}
	case own.CRC32C != 0:
		o.sum = checksum{name: "crc32c", want: binary.BigEndian.AppendUint32(nil, own.CRC32C)}
	}
}

func googleClient(ctx context.Context, u origin.URI, e environment, transport http.RoundTripper) (*gcp.HTTPClient, error) {
	anonymous := gcp.NewAnonymousHTTPClient(transport)
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
		return gcp.NewHTTPClient(transport, found.TokenSource)
	}
	found, err := google.CredentialsFromJSON(tokens, key, readScope) //nolint:staticcheck // the user's own file, of whatever kind of identity it is
	if err != nil {
		return nil, u.Fail(origin.ReasonCredentials, "the Google credentials are not a key file", "correct GOOGLE_APPLICATION_CREDENTIALS or the Secret's entry").Because(err)
	}
	return gcp.NewHTTPClient(transport, found.TokenSource)
}
