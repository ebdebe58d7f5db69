package server

import (
	"context"
	"errors"
	"net/http"

	"google.golang.org/grpc/codes"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/repository"
)

// statusClientGone is nginx's code for a request whose client went away; it is
// only ever seen in metrics.
const statusClientGone = 499

// refusal is an answer that is decided by its status alone.
type refusal struct {
	status  int
	problem string
}

func (r *refusal) Error() string { return r.problem }

// statusOf is the HTTP status of an error.
func statusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return statusOfFault(err)
}

// statusOfFault stands apart for what it allocates, which an answer without an error need not.
func statusOfFault(err error) int {
	var (
		refused    *refusal
		notFound   *repository.NotFoundError
		notReady   *model.NotReadyError
		overloaded *model.OverloadedError
		invalid    *model.InvalidInputError
	)
	switch {
	case errors.As(err, &refused):
		return refused.status
	case oip.IsRequestFault(err), errors.As(err, &invalid):
		return http.StatusBadRequest
	case errors.As(err, &notFound):
		return http.StatusNotFound
	case errors.As(err, &overloaded):
		return http.StatusTooManyRequests
	case errors.As(err, &notReady):
		return http.StatusServiceUnavailable
	case errors.Is(err, context.Canceled):
		return statusClientGone
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	default:
		return http.StatusInternalServerError
	}
}

// codeOf is the gRPC code of an error.
func codeOf(err error) codes.Code {
	switch statusOf(err) {
	case http.StatusOK:
		return codes.OK
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusNotFound:
		return codes.NotFound
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusRequestEntityTooLarge, http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	case statusClientGone:
		return codes.Canceled
	case http.StatusGatewayTimeout:
		return codes.DeadlineExceeded
	default:
		return codes.Internal
	}
}
