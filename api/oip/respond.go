package oip

import "strconv"

// AppendInferResponse writes a V2 response. Outputs that the request asked for
// as binary data (by the output's parameter binary_data, else the request's
// binary_data_output) follow the JSON; then headerLength is the length of the
// JSON, to be sent as HeaderContentLength, and otherwise it is -1.
func AppendInferResponse(dst []byte, req *InferRequest, resp *InferResponse) (body []byte, headerLength int, err error) {
	binary, err := binaryOutputs(req)
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
		asBinary := binary.wanted(t.Name)
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
		if binary.wanted(t.Name) {
			dst = t.AppendRaw(dst)
		}
	}
	return dst, headerLength, nil
}

func appendOutput(dst []byte, t Tensor, asBinary bool) ([]byte, error) {
	dst = appendString(append(dst, `{"name":`...), t.Name)
	dst = appendString(append(dst, `,"datatype":`...), string(t.Datatype))
	dst = appendShape(append(dst, `,"shape":`...), t.Shape)
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

// binaryChoice says which outputs a request wants as binary data.
type binaryChoice struct {
	all   bool            // those that named hasn't
	named map[string]bool // nil: none
}

func (b binaryChoice) wanted(name string) bool {
	if value, present := b.named[name]; present {
		return value
	}
	return b.all
}

// binaryOutputs reads a request's choice.
func binaryOutputs(req *InferRequest) (choice binaryChoice, err error) {
	if choice.all, _, err = req.Parameters.flag(ParamBinaryDataOutput); err != nil {
		return choice, err
	}
	for i, out := range req.Outputs {
		value, present, err := out.Parameters.flag(ParamBinaryData)
		if err != nil {
			return choice, &RequestError{Where: "outputs[" + strconv.Itoa(i) + "]", Problem: err.Error()}
		}
		if present {
			if choice.named == nil {
				choice.named = make(map[string]bool, len(req.Outputs))
			}
			choice.named[out.Name] = value
		}
	}
	return choice, nil
}
