package sklearn

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/runtime/model"
)

// UnsupportedError says that a file holds something that isn't served natively, and what to do.
type UnsupportedError struct {
	Class   string // with its module, and the option that isn't supported if it isn't the class itself
	Version string // of scikit-learn that wrote the file, "" if it doesn't say
	Why     string // "" if the class isn't known
	Remedy  string // "" for what holds for all: to convert the file or to serve it by its own server
	Path    string // of the file, "" if it isn't known
}

func (e *UnsupportedError) Error() string {
	by := ""
	if e.Version != "" {
		by = " (written by scikit-learn " + e.Version + ")"
	}
	why := ""
	if e.Why != "" {
		why = ", as " + e.Why
	}
	remedy := e.Remedy
	if remedy == "" {
		remedy = e.commands()
	}
	return fmt.Sprintf("%s%s can't be served natively%s: %s", e.Class, by, why, remedy)
}

// commands is what a user can type about any model that isn't known here.
func (e *UnsupportedError) commands() string {
	from, to := "MODEL.pkl", "MODEL.onnx"
	if e.Path != "" {
		from = shellWord(e.Path)
		to = shellWord(strings.TrimSuffix(e.Path, filepath.Ext(e.Path)) + ".onnx")
	}
	return fmt.Sprintf("convert it to ONNX by `sluice convert %s -o %s`, which runs the code that the file names, and serve that; or serve it by its own "+
		"server with `runtime: kserve-sklearnserver` or `runtime: kserve-mlserver` in the InferenceService's model, for which a machine without "+
		"Kubernetes needs the annotation sluice.dev/local-command (as `mlserver start /mnt/models`) or a container engine", from, to)
}

// shellWord quotes what a shell would take apart.
func shellWord(text string) string {
	if strings.ContainsAny(text, " \t\n'\"\\$`&;|<>()*?[]{}~#!") {
		return strconv.Quote(text)
	}
	return text
}

// BrokenError says that an estimator in the file lacks what a fitted one has.
type BrokenError struct {
	Class, Version, Attribute, Problem string
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("%s of scikit-learn %s, attribute %s: %s", e.Class, e.Version, e.Attribute, e.Problem)
}

// invalid says what is wrong with the client's values. A format that begins with "row %d" names the row at fault, which a batch of
// several requests then leaves out.
func invalid(format string, args ...any) error {
	refused := &model.InvalidInputError{Problem: fmt.Sprintf(format, args...)}
	if strings.HasPrefix(format, "row %d ") {
		if row, ok := args[0].(int); ok {
			refused.Rows = []int{row}
		}
	}
	return refused
}
