package oip

import "strconv"

// AppendInferResponse writes a V2 response. Outputs that the request asked for
// as binary data (by the output's parameter binary_data, else the request's
// binary_data_output) follow the JSON; then headerLength is the length of the
// JSON, to be sent as HeaderContentLength, and otherwise it is -1.
func AppendInferResponse(dst []byte, req *InferRequest, resp *InferResponse) (body []byte, headerLength int, err error) {
	binaryOf, err := binaryOutputs(req)
	if err != nil {
		return dst, -1, err
	}
	start := len(dst)
	dst = append(appendString(append(dst, `{"model_name":`...), resp.ModelName), `,"model_version":`...)
	dst = appendString(dst, resp.ModelVersion)
	if resp.ID != "" {
		dst = appendString(append(dst, `,"id":`...), resp.ID)
	}
	dst = append(dst, `,"outputs":[`...)
	anyBinary := false
	for i, t := range resp.Outputs {
		if i > 0 {
			dst = append(dst, ',')
		}
		asBinary := binaryOf(t.Name)
		anyBinary = anyBinary || asBinary
		if dst, err = appendOutput(dst, t, asBinary); err != nil {
			return dst[:start], -1, err
		}
	}
	dst = append(dst, `]}`...)
	if !anyBinary {
		return dst, -1, nil
	}
	headerLength = len(dst) - start
	for _, t := range resp.Outputs {
		if binaryOf(t.Name) {
			dst = t.AppendRaw(dst)
		}
	}
	return dst, headerLength, nil
}

func appendOutput(dst []byte, t Tensor, asBinary bool) ([]byte, error) {
	dst = appendString(append(dst, `{"name":`...), t.Name)
	dst = appendString(append(dst, `,"datatype":`...), string(t.Datatype))
	dst = append(append(dst, `,"shape":`...), ShapeString(t.Shape)...)
	parameters := t.Parameters
	if asBinary {
		parameters = Parameters{ParamBinaryDataSize: int64(t.RawSize())}
		for name, value := range t.Parameters {
			parameters[name] = value
		}
	}
	if len(parameters) > 0 {
		dst = appendParameters(append(dst, `,"parameters":`...), parameters)
	}
	if !asBinary {
		var err error
		if dst, err = appendFlat(append(dst, `,"data":`...), t); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// binaryOutputs reads from a request which outputs it wants as binary data.
func binaryOutputs(req *InferRequest) (func(name string) bool, error) {
	all, _, err := req.Parameters.flag(ParamBinaryDataOutput)
	if err != nil {
		return nil, err
	}
	if len(req.Outputs) == 0 {
		return func(string) bool { return all }, nil
	}
	named := make(map[string]bool, len(req.Outputs))
	for i, out := range req.Outputs {
		value, present, err := out.Parameters.flag(ParamBinaryData)
		if err != nil {
			return nil, &RequestError{Where: "outputs[" + strconv.Itoa(i) + "]", Problem: err.Error()}
		}
		if present {
			named[out.Name] = value
		}
	}
	return func(name string) bool {
		if value, present := named[name]; present {
			return value
		}
		return all
	}, nil
}
