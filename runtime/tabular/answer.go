package tabular

import (
	"fmt"

	"github.com/sluice-serving/sluice/api/oip"
)

// Answers is whose server the answers look like.
type Answers int

// The servers.
const (
	// KServe's Python servers answer one output, output-0, of the library's own shape: [rows] for a value a row.
	KServe Answers = iota
	// MLServer's runtimes name outputs by the library's methods, and give a vector the shape [rows,1].
	MLServer
)

// ParseAnswers reads the name of a server: kserve or mlserver.
func ParseAnswers(name string) (Answers, error) {
	switch name {
	case "kserve":
		return KServe, nil
	case "mlserver":
		return MLServer, nil
	}
	return 0, fmt.Errorf("%q is neither kserve nor mlserver", name)
}

func (a Answers) String() string {
	if a == MLServer {
		return "mlserver"
	}
	return "kserve"
}

// answer is an output as clients see it.
type answer struct {
	name   string
	method int // the index of the estimator's output
	output Output
	style  Answers
	hidden bool // it can be asked for and is not in the metadata, as it stands there by another name
}

// answersOf gives what can be asked for; the first is what is answered when nothing is.
func answersOf(outputs []Output, o Options) []answer {
	first := 0
	for i, output := range outputs {
		if o.Probabilities && output.Name == "predict_proba" {
			first = i
		}
	}
	var answers []answer
	if o.Answers == KServe {
		answers = append(answers, answer{name: "output-0", method: first, output: outputs[first]})
	} else {
		answers = append(answers, answer{name: outputs[first].Name, method: first, output: outputs[first], style: MLServer})
	}
	for i, output := range outputs {
		if o.Answers == KServe || i != first {
			answers = append(answers, answer{name: output.Name, method: i, output: output, style: o.Answers, hidden: i == first})
		}
	}
	return answers
}

func (a answer) spec() oip.TensorSpec {
	spec := oip.TensorSpec{Name: a.name, Datatype: a.output.Datatype, Shape: []int64{-1}}
	switch {
	case a.output.Cols != 0:
		spec.Shape = []int64{-1, int64(a.output.Cols)}
	case a.style == MLServer:
		spec.Shape, spec.Vector = []int64{-1, 1}, true
	}
	return spec
}

// dress makes a computed tensor the answer.
func (a answer) dress(t oip.Tensor) oip.Tensor {
	t.Name = a.name
	if a.style == MLServer {
		if len(t.Shape) == 1 {
			t.Shape = []int64{t.Shape[0], 1}
		}
		t.Parameters = oip.Parameters{"content_type": "np"}
	}
	return t
}
