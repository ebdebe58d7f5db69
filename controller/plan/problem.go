package plan

import (
	"errors"
	"fmt"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/placement"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
)

// Reasons of a component's condition when nothing can be made of its spec.
const (
	// ReasonStorageNotSupported: a storage URI has a scheme that isn't fetched here.
	ReasonStorageNotSupported = "StorageNotSupported"
	// ReasonStorageMissing: a model says nowhere where its files are.
	ReasonStorageMissing = "StorageMissing"
	// ReasonStorageNotFound: a path of this machine that should hold a model isn't there.
	ReasonStorageNotFound = "StorageNotFound"
	// ReasonServiceAccountMissing: the service account that a model is to be fetched with isn't there.
	ReasonServiceAccountMissing = "ServiceAccountMissing"
	// ReasonModelDownload: an init container is fetching the model. The driver's Deployments give it, and the one below.
	ReasonModelDownload = "ModelDownload"
	// ReasonModelDownloadFailed: the model can't be fetched.
	ReasonModelDownloadFailed = "ModelDownloadFailed"
	// ReasonNotSupported: the spec asks for something that sluice does not do.
	ReasonNotSupported = "NotSupported"
)

// problem says why no pod template can be made of a component.
type problem struct {
	reason  string
	message string
	// failure is what modelStatus calls it.
	failure v1beta1.FailureReason
}

func (p *problem) Error() string { return p.message }

func invalid(format string, args ...any) *problem {
	return &problem{
		reason:  string(v1beta1.FailureInvalidPredictorSpec),
		message: fmt.Sprintf(format, args...),
		failure: v1beta1.FailureInvalidPredictorSpec,
	}
}

func refused(reason, format string, args ...any) *problem {
	return &problem{reason: reason, message: fmt.Sprintf(format, args...), failure: v1beta1.FailureInvalidPredictorSpec}
}

// asProblem keeps the reason that an error brings.
func asProblem(err error) *problem {
	var own *problem
	if errors.As(err, &own) {
		return own
	}
	var choice *runtimes.Refusal
	if errors.As(err, &choice) {
		return &problem{reason: string(choice.Reason), message: choice.Message, failure: choice.Reason}
	}
	var placed *placement.Refusal
	if errors.As(err, &placed) {
		return &problem{reason: placement.ReasonImageNotRunnable, message: placed.Message, failure: v1beta1.FailureRuntimeUnhealthy}
	}
	return invalid("%v", err)
}
