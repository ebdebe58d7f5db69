package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

// The protocols that `sluice predict` speaks.
const (
	// protocolV1 is KServe's first protocol, which TensorFlow Serving began.
	protocolV1 = "v1"
	// protocolV2 is the Open Inference Protocol.
	protocolV2 = "v2"
)

// protocolOf tells the protocol of a request by its body, unless wanted names one. V2 has a list of "inputs", each an
// object with a name; V1 has "instances", or "inputs" of any other shape (the column format).
func protocolOf(body []byte, wanted string) (string, error) {
	var fields struct {
		Instances json.RawMessage `json:"instances"`
		Inputs    json.RawMessage `json:"inputs"`
	}
	if err := json.Unmarshal(body, &fields); err != nil {
		return "", usagef("the request's body is not a JSON object: %s; give {\"instances\": […]} (V1) or {\"inputs\": [{\"name\": …}]} (V2)", jsonFault(err))
	}
	switch {
	case wanted == protocolV1 || wanted == protocolV2:
		return wanted, nil
	case wanted != "":
		return "", usagef("--protocol %q isn't known; use v1 or v2", wanted)
	case fields.Instances != nil:
		return protocolV1, nil
	case namedTensors(fields.Inputs):
		return protocolV2, nil
	case fields.Inputs != nil:
		return protocolV1, nil
	default:
		return "", usagef("the request's body has neither \"instances\" (V1) nor \"inputs\" (V2); say which it is with --protocol")
	}
}

// jsonFault says what a body is that is no JSON object, in the terms of JSON rather than of Go's types.
func jsonFault(err error) string {
	var other *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &other) && other.Field == "":
		return "it is a JSON " + other.Value
	case errors.As(err, &syntax):
		return fmt.Sprintf("at byte %d: %s", syntax.Offset, syntax.Error())
	default:
		return err.Error()
	}
}

func namedTensors(inputs json.RawMessage) bool {
	var tensors []struct {
		Name *string `json:"name"`
	}
	return json.Unmarshal(inputs, &tensors) == nil && len(tensors) > 0 && tensors[0].Name != nil
}

// predictPath is where a model of that name answers, below the service's host.
func predictPath(protocol, model string) string {
	if protocol == protocolV1 {
		return "/v1/models/" + url.PathEscape(model) + ":predict"
	}
	return "/v2/models/" + url.PathEscape(model) + "/infer"
}
