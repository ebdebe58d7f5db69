package storage

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"github.com/sluice-serving/sluice/runtime/storage/archive"
	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// errStalled says that nothing came for the time allowed.
var errStalled = errors.New("no byte came")

// errCut says that a body ended before all of it had come.
var errCut = errors.New("the body ended early")

// errSum says that a checksum does not hold.
var errSum = errors.New("the checksum does not hold")

// classify words what went wrong with the URI, or with its object name if that isn't empty.
func classify(u origin.URI, err error, name string) error {
	var failure *origin.Failure
	if err == nil || errors.As(err, &failure) || errors.Is(err, context.Canceled) {
		return err
	}
	what := "it"
	if name != "" {
		what = "file " + name
	}
	var packed *archive.Error
	if errors.As(err, &packed) {
		reason := origin.ReasonUnsafeArchive
		if packed.Empty {
			reason = origin.ReasonEmptyPrefix
		}
		return u.Fail(reason, "%s", packed.Remedy, packed.Problem).Because(err)
	}
	if f := ofConnection(u, err, what); f != nil {
		return f.Because(err)
	}
	if f := ofDisk(u, err); f != nil {
		return f.Because(err)
	}
	if f := ofStatus(u, status(err), code(err), what); f != nil {
		return f.Because(err)
	}
	return u.Fail(origin.ReasonServer, "%s can't be read: %s", "look at the store's own log, or try again later", what, plain(u, err)).Because(err)
}

// ofConnection knows failures from below HTTP.
func ofConnection(u origin.URI, err error, what string) *origin.Failure {
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var dns *net.DNSError
	var token *oauth2.RetrieveError
	switch {
	case errors.Is(err, errStalled):
		return u.Fail(origin.ReasonStalled, "the server sent nothing of %s for too long", "look at the network and the server, or allow more time by --stall-timeout", what)
	case errors.Is(err, errSum):
		return u.Fail(origin.ReasonChecksum, "%s is not what its source says it has: the checksum does not hold", "put the model there anew, or look for a proxy that changes it", what)
	case errors.As(err, &unknown), errors.As(err, &wrongHost), errors.As(err, &invalid), errors.As(err, &verification):
		return u.Fail(origin.ReasonTLS, "the server's certificate is not trusted: %s",
			"give its certificate authority by --ca FILE, AWS_CA_BUNDLE or the Secret's annotation serving.kserve.io/s3-cabundle", certificateWords(err))
	case errors.As(err, &record):
		return u.Fail(origin.ReasonTLS, "the server does not speak TLS", "use an http:// endpoint, or the Secret's annotation serving.kserve.io/s3-usehttps: \"0\"")
	case errors.As(err, &token):
		return u.Fail(origin.ReasonCredentials, "the identity provider refused the credentials", "renew them")
	case errors.As(err, &dns):
		return u.Fail(origin.ReasonConnection, "the name of host %s is not known", "correct the endpoint or the address", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return u.Fail(origin.ReasonConnection, "nothing listens at the server's address", "start the store, or correct the endpoint")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errCut), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return u.Fail(origin.ReasonConnection, "the connection was cut again and again while %s was read", "look at the network and the server; the next try goes on where this one stopped", what)
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return u.Fail(origin.ReasonConnection, "the server did not answer in time", "look at the network, or correct the endpoint")
	}
	return nil
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func certificateWords(err error) string {
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	switch {
	case errors.As(err, &unknown):
		return "nobody known here has signed it"
	case errors.As(err, &wrongHost):
		return "it is another host's"
	}
	return "it has expired or is not for servers"
}

// ofDisk knows this machine's own failures.
func ofDisk(u origin.URI, err error) *origin.Failure {
	var file *fs.PathError
	var link *os.LinkError
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return u.Fail(origin.ReasonDiskFull, "the disk is full", "make room; the next try goes on where this one stopped")
	case errors.As(err, &file):
		return u.Fail(origin.ReasonLocal, "%s %s: %v", "look at the file and its permissions", file.Op, file.Path, file.Err)
	case errors.As(err, &link):
		return u.Fail(origin.ReasonLocal, "%s %s: %v", "look at the directory and its permissions", link.Op, link.New, link.Err)
	}
	return nil
}

// ofStatus words an answer of a server; code is the store's own word for it.
func ofStatus(u origin.URI, status int, code, what string) *origin.Failure {
	kind := map[origin.Scheme]string{origin.Azure: "container", origin.Hub: "model"}[u.Scheme]
	if kind == "" {
		kind = "bucket"
	}
	switch {
	case code == "NoSuchBucket", code == "ContainerNotFound", status == http.StatusNotFound && u.Scheme == origin.Hub && what == "it":
		return u.Fail(origin.ReasonBucketNotFound, "there is no %s %q", "correct the name"+orPrivate(u), kind, u.Bucket)
	case code == "PermanentRedirect", code == "AuthorizationHeaderMalformed", status == http.StatusMovedPermanently && u.Scheme == origin.S3:
		return u.Fail(origin.ReasonBucketNotFound, "the bucket %q is in another region", "set AWS_REGION, or the Secret's annotation serving.kserve.io/s3-region", u.Bucket)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return u.Fail(origin.ReasonCredentials, "the store refuses the credentials, or there are none (%d%s)", mendCredentials(u), status, after(code))
	case status == http.StatusNotFound && u.Scheme == origin.GS && what == "it":
		return u.Fail(origin.ReasonBucketNotFound, "there is no bucket %q", "correct the name", u.Bucket)
	case status == http.StatusNotFound, status == http.StatusGone:
		return u.Fail(origin.ReasonObjectNotFound, "%s is not there", "correct the path, or put the model there", what)
	case status == http.StatusPreconditionFailed:
		return u.Fail(origin.ReasonChanged, "%s was replaced while it was fetched", "try again", what)
	case status >= 400:
		return u.Fail(origin.ReasonServer, "the server answers %d %s%s", "look at the server's own log, or try again later", status, http.StatusText(status), after(code))
	}
	return nil
}

// orPrivate is added for the hub, which says of a private model that there is none.
func orPrivate(u origin.URI) string {
	if u.Scheme == origin.Hub {
		return " or revision; for a private or gated model set HF_TOKEN"
	}
	return ""
}

func after(code string) string {
	if code == "" {
		return ""
	}
	return ", " + origin.Clipped(code)
}

func mendCredentials(u origin.URI) string {
	switch u.Scheme {
	case origin.S3:
		return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a Secret of the service account; a public bucket needs awsAnonymousCredential=true"
	case origin.GS:
		return "set GOOGLE_APPLICATION_CREDENTIALS, or a Secret of the service account with gcloud-application-credentials.json"
	case origin.Azure:
		return "set AZURE_STORAGE_ACCESS_KEY or AZURE_STORAGE_SAS_TOKEN, or a Secret of the service account with AZ_TENANT_ID, AZ_CLIENT_ID and AZ_CLIENT_SECRET"
	case origin.Hub:
		return "set HF_TOKEN, or a Secret of the service account with HF_TOKEN, and accept the model's terms at the hub"
	}
	return "give headers by a Secret of the service account with https-host and headers, or a new signed address"
}

// status is the HTTP status that an error of one of the libraries stands for, or 0.
func status(err error) int {
	var own *statusError
	var aws *awshttp.ResponseError
	var google *googleapi.Error
	var azure *azcore.ResponseError
	switch {
	case errors.As(err, &own):
		return own.code
	case errors.As(err, &aws):
		return aws.HTTPStatusCode()
	case errors.As(err, &google):
		return google.Code
	case errors.As(err, &azure):
		return azure.StatusCode
	}
	return 0
}

// code is the store's own word for an error.
func code(err error) string {
	var aws smithy.APIError
	var azure *azcore.ResponseError
	switch {
	case errors.As(err, &aws):
		return aws.ErrorCode()
	case errors.As(err, &azure):
		return azure.ErrorCode
	}
	return ""
}

// plain is a library's text without the address, which may be signed.
func plain(u origin.URI, err error) string {
	var operation *net.OpError
	if errors.As(err, &operation) {
		return operation.Err.Error()
	}
	var own *statusError
	if errors.As(err, &own) {
		return own.Error()
	}
	return "the store's library gives no reason that can be shown"
}

// retryable says whether the same request may go well the next time.
func retryable(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, errSum) {
		return false
	}
	var failure *origin.Failure
	var dns *net.DNSError
	var file *fs.PathError
	switch at := status(err); {
	case errors.As(err, &failure):
		return false
	case errors.As(err, &dns):
		return dns.IsTemporary || dns.IsTimeout
	case errors.Is(err, syscall.ENOSPC), errors.As(err, &file):
		return false
	case at == http.StatusTooManyRequests, at == http.StatusRequestTimeout, at >= 500 && at != http.StatusNotImplemented:
		return true
	case at >= 300:
		return bloberror.HasCode(err, bloberror.ServerBusy, bloberror.OperationTimedOut) || code(err) == "SlowDown" || code(err) == "RequestTimeout"
	}
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var token *oauth2.RetrieveError
	return !errors.As(err, &unknown) && !errors.As(err, &wrongHost) && !errors.As(err, &invalid) && !errors.As(err, &record) && !errors.As(err, &token)
}
