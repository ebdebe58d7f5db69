package tabular

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/sluice-serving/sluice/api/oip"
)

// decoded gives tensors of texts what MLServer's content types say that the texts are: base64 is of the text that is meant, and pd_json a JSON value
// for each row. KServe's servers take such texts as they stand, and so they do here where answers are KServe's.
func decoded(given []oip.Tensor) ([]oip.Tensor, error) {
	out := given
	for i, t := range given {
		if t.Datatype != oip.Bytes {
			continue
		}
		var meant oip.Tensor
		var err error
		switch t.Parameters["content_type"] {
		case "base64":
			meant = fromBase64(t)
		case "pd_json":
			meant, err = fromJSON(t)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		if &out[0] == &given[0] {
			out = slices.Clone(given)
		}
		out[i] = meant
	}
	return out, nil
}

// fromBase64 leaves a text that isn't base64 as it is, as MLServer does.
func fromBase64(t oip.Tensor) oip.Tensor {
	texts := slices.Clone(t.Strings)
	for i, text := range texts {
		if meant, err := base64.StdEncoding.Strict().DecodeString(text); err == nil {
			texts[i] = string(meant)
		}
	}
	t.Strings = texts
	return t
}

// fromJSON makes numbers of JSON's numbers and truth values, or texts of its texts; null is missing in both.
func fromJSON(t oip.Tensor) (oip.Tensor, error) {
	values := make([]any, len(t.Strings))
	isText := false
	for row, text := range t.Strings {
		if t.Missing != nil && t.Missing[row] {
			continue
		}
		if err := json.Unmarshal([]byte(text), &values[row]); err != nil {
			return t, &oip.TensorError{Tensor: t.Name, Problem: fmt.Sprintf("row %d: content type pd_json expects JSON in each row: %v", row, err)}
		}
		if _, is := values[row].(string); is {
			isText = true
		}
	}
	if isText {
		return textsOf(t, values)
	}
	return numbersOf(t, values)
}

func textsOf(t oip.Tensor, values []any) (oip.Tensor, error) {
	out := t
	out.Strings, out.Missing = make([]string, len(values)), make([]bool, len(values))
	for row, v := range values {
		text, is := v.(string)
		if !is && v != nil {
			return t, notOneKind(t.Name, row, "a text as in other rows", v)
		}
		out.Strings[row], out.Missing[row] = text, !is
	}
	return out, nil
}

func numbersOf(t oip.Tensor, values []any) (oip.Tensor, error) {
	numbers := make([]float64, len(values))
	for row, v := range values {
		switch v := v.(type) {
		case float64:
			numbers[row] = v
		case bool:
			if v {
				numbers[row] = 1
			}
		case nil:
			numbers[row] = math.NaN()
		default:
			return t, notOneKind(t.Name, row, "a number or a text", v)
		}
	}
	return oip.NewTensor(t.Name, oip.FP64, t.Shape, numbers), nil
}

func notOneKind(tensor string, row int, expected string, given any) error {
	kind := "a list"
	switch given.(type) {
	case map[string]any:
		kind = "an object"
	case float64:
		kind = "a number"
	case bool:
		kind = "a truth value"
	}
	return &oip.TensorError{Tensor: tensor, Problem: fmt.Sprintf("row %d: expected %s, given %s", row, expected, kind)}
}
