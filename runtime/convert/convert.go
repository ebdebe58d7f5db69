package convert

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sluice-serving/sluice/runtime/sklearn"
)

// Options are what is converted, and by what.
type Options struct {
	Model  string // the pickle or joblib file
	Output string // where the ONNX file goes; a file that is there is replaced once the new one is whole
	// Sample is a file with a V1 or V2 request, "" if there is none. Both models are asked for its rows, and it says which columns hold texts.
	Sample string
	// Python is an interpreter. It is used as it is if it has skl2onnx, and else to make an environment; "" is python3 of the PATH.
	Python string
	// Version is of the scikit-learn that is installed; "" is what the file names.
	Version string
	Cache   string            // the folder that environments are kept in
	Note    func(text string) // is told what happens, a sentence at a time
}

// Report is what came of it.
type Report struct {
	Class   string   `json:"class"`
	Sklearn string   `json:"sklearn"` // the version that loaded it
	Skl2    string   `json:"skl2onnx"`
	Inputs  []string `json:"inputs"`
	Outputs []string `json:"outputs"`
	Check   *Check   `json:"check"` // nil without a sample
}

// Check holds the answers of both models against each other.
type Check struct {
	Rows        int          `json:"rows"`
	Differences []Difference `json:"differences"`
}

// Difference is of one output: numbers differ by at most Largest, labels in Unequal rows.
type Difference struct {
	Output  string   `json:"output"`
	Largest *float64 `json:"largest"`
	Unequal *int     `json:"unequal"`
}

//go:embed convert.py
var program []byte

// Run converts a model. An error is a [*Fault] where the user can mend something.
func Run(ctx context.Context, o Options) (Report, error) {
	data, err := os.ReadFile(o.Model)
	if err != nil {
		return Report{}, err
	}
	if err := o.check(data); err != nil {
		return Report{}, err
	}
	about := sklearn.Describe(data)
	if o.Version != "" {
		about.Version = o.Version
	}
	python, err := o.environment(ctx, about)
	if err != nil {
		return Report{}, err
	}
	work, err := os.MkdirTemp("", "sluice-convert-")
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	o.Note("loading " + o.Model + " in Python, which runs the code that it names")
	report, err := o.convertIn(ctx, python, work)
	if err != nil {
		return Report{}, err
	}
	return report, install(filepath.Join(work, "model.onnx"), o.Output)
}

// answer is what the program in Python writes: a report, or what went wrong.
type answer struct {
	Report
	Fault string `json:"fault"`
	Text  string `json:"text"`
}

func (o Options) convertIn(ctx context.Context, python, work string) (Report, error) {
	request := map[string]string{"output": filepath.Join(work, "model.onnx"), "answer": filepath.Join(work, "answer.json")}
	for name, path := range map[string]string{"model": o.Model, "sample": o.Sample} {
		if path == "" {
			continue
		}
		absolute, err := filepath.Abs(path)
		if err != nil {
			return Report{}, err
		}
		request[name] = absolute
	}
	body, err := json.Marshal(request)
	if err != nil {
		return Report{}, err
	}
	for name, content := range map[string][]byte{"request.json": body, "convert.py": program} {
		if err := os.WriteFile(filepath.Join(work, name), content, 0o600); err != nil {
			return Report{}, err
		}
	}
	said, failed := runPython(ctx, python, filepath.Join(work, "convert.py"), filepath.Join(work, "request.json"))
	if ctx.Err() != nil {
		return Report{}, ctx.Err()
	}
	var a answer
	content, err := os.ReadFile(request["answer"])
	if err == nil {
		err = json.Unmarshal(content, &a)
	}
	if err != nil {
		return Report{}, &Fault{Kind: Crashed, Text: fmt.Sprintf("%s ended without an answer: %v\n%s", python, failed, tail(said))}
	}
	if a.Fault != "" {
		return Report{}, &Fault{Kind: Kind(a.Fault), Text: a.Text, Model: o.Model, Python: python}
	}
	return a.Report, nil
}

// install moves a whole file to where it belongs, over file systems.
func install(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	part := to + ".part"
	err = os.WriteFile(part, content, 0o644) //nolint:gosec // a model that other users may read
	if err == nil {
		err = os.Rename(part, to)
	}
	if err != nil {
		_ = os.Remove(part)
	}
	return err
}
