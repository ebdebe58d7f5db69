package origin

import (
	"errors"
	"fmt"
)

// Reason names a kind of failure.
type Reason string

// The reasons why a fetch fails.
const (
	// ReasonInvalidURI: the URI can't be understood.
	ReasonInvalidURI Reason = "InvalidURI"
	// ReasonUnsupportedScheme: nothing fetches its scheme.
	ReasonUnsupportedScheme Reason = "UnsupportedScheme"
	// ReasonCredentials: there are none, or they were refused.
	ReasonCredentials Reason = "CredentialsRefused"
	// ReasonBucketNotFound: there is no such bucket, container or model.
	ReasonBucketNotFound Reason = "BucketNotFound"
	// ReasonObjectNotFound: the one file that was named is not there.
	ReasonObjectNotFound Reason = "ObjectNotFound"
	// ReasonEmptyPrefix: there is no object by the name, and none below it.
	ReasonEmptyPrefix Reason = "EmptyPrefix"
	// ReasonDiskFull: the model does not fit.
	ReasonDiskFull Reason = "DiskFull"
	// ReasonConnection: the server can't be reached, or cuts connections again and again.
	ReasonConnection Reason = "ConnectionFailed"
	// ReasonStalled: the server sent nothing for too long.
	ReasonStalled Reason = "Stalled"
	// ReasonTLS: the server's certificate is not trusted, or it speaks no TLS.
	ReasonTLS Reason = "TLSFailed"
	// ReasonUnsafeArchive: an archive, or a listing, would write where it must not.
	ReasonUnsafeArchive Reason = "UnsafeArchive"
	// ReasonChecksum: what came is not what the source says it has.
	ReasonChecksum Reason = "ChecksumMismatch"
	// ReasonChanged: the object was replaced while it was fetched.
	ReasonChanged Reason = "ObjectChanged"
	// ReasonServer: the server answered with an error of its own.
	ReasonServer Reason = "ServerError"
	// ReasonLocal: this machine can't read or write a file.
	ReasonLocal Reason = "LocalFile"
)

// Failure says why a model can't be fetched. It holds no credential.
type Failure struct {
	// URI is the storage URI without credentials.
	URI    string
	Reason Reason
	// Message says what is wrong, Remedy what to do about it.
	Message, Remedy string
	cause           error
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %s: %s; %s", f.URI, f.Reason, f.Message, f.Remedy)
}

// Unwrap gives what a library said, which may be worded for nobody.
func (f *Failure) Unwrap() error { return f.cause }

// ReasonOf is the reason of a fetch's error, or empty.
func ReasonOf(err error) Reason {
	var failure *Failure
	if errors.As(err, &failure) {
		return failure.Reason
	}
	return ""
}

// Fail makes a failure of the URI; format and args are its message.
func (u URI) Fail(reason Reason, format, remedy string, args ...any) *Failure {
	return &Failure{URI: u.String(), Reason: reason, Message: fmt.Sprintf(format, args...), Remedy: remedy}
}

// Because keeps what a library said for [errors.As].
func (f *Failure) Because(err error) *Failure {
	f.cause = err
	return f
}
