package convert

import "fmt"

// Kind is which step went wrong.
type Kind string

// The kinds; those of the program in Python are spelled as it spells them.
const (
	NotPickle     Kind = "pickle"        // the file isn't one
	BadOutput     Kind = "output"        // the ONNX file can't be written where it should be
	NoPython      Kind = "python"        // there is no interpreter
	NoEnvironment Kind = "environment"   // it can't make a virtual environment
	NoIndex       Kind = "index"         // pip can't reach its index
	NoVersion     Kind = "version"       // pip has no build for this Python
	NoModule      Kind = "module"        // the file names a module that isn't installed
	NotLoaded     Kind = "load"          // Python can't load the file
	Unconvertible Kind = "unconvertible" // skl2onnx has no converter for a class
	NotConverted  Kind = "conversion"    // its converter fails
	BadSample     Kind = "sample"        // the sample isn't a request, or not one of this model
	NoColumns     Kind = "columns"       // it isn't known what the model takes
	NotChecked    Kind = "check"         // one of the models doesn't answer the sample
	Crashed       Kind = "crashed"       // the interpreter ended without an answer
	Unexpected    Kind = "unexpected"
)

// Fault says what went wrong and what to do.
type Fault struct {
	Kind          Kind
	Text          string
	Model, Python string // "" where they don't matter
}

// ownServer is what is left to do where a model can't be converted.
const ownServer = "serve it by its own server: `runtime: kserve-sklearnserver` or `runtime: kserve-mlserver` in the InferenceService's model, on a " +
	"machine without Kubernetes with the annotation sluice.dev/local-command (as `mlserver start /mnt/models`) or a container engine"

func (f *Fault) Error() string {
	switch f.Kind {
	case NotPickle:
		return fmt.Sprintf("%s is neither a pickle nor a joblib file: %s", f.Model, f.Text)
	case BadOutput:
		return f.Text
	case NoPython:
		return fmt.Sprintf("there is no Python to convert with (%s): install python3 with venv and pip, or name an interpreter by --python", f.Text)
	case NoEnvironment:
		return fmt.Sprintf("%s can't make a virtual environment; install its venv module (Debian: python3-venv), or name by --python an interpreter that has skl2onnx:\n%s", f.Python, f.Text)
	case NoIndex:
		return fmt.Sprintf("pip can't reach its package index; set PIP_INDEX_URL (or HTTPS_PROXY) to one that it reaches, or name by --python an interpreter that has skl2onnx and scikit-learn:\n%s", f.Text)
	case NoVersion:
		return fmt.Sprintf("pip finds no build of what the file needs for %s: name an older or newer Python by --python, or another scikit-learn by --sklearn-version:\n%s", f.Python, f.Text)
	case NoModule:
		return fmt.Sprintf("%s names the module %s, which %s doesn't have: name by --python an interpreter that has it together with skl2onnx and scikit-learn, or %s", f.Model, f.Text, f.Python, ownServer)
	case NotLoaded:
		return fmt.Sprintf("Python can't load %s: %s; name the scikit-learn that wrote it by --sklearn-version, or an interpreter that loads it by --python", f.Model, f.Text)
	case Unconvertible:
		return fmt.Sprintf("skl2onnx can't convert %s: %s; %s", f.Model, f.Text, ownServer)
	case NotConverted:
		return fmt.Sprintf("skl2onnx fails at %s: %s; give rows as they will be asked for by --sample, so that the columns' types are known, or %s", f.Model, f.Text, ownServer)
	case BadSample:
		return "the sample can't be read as a V1 or V2 request for this model: " + f.Text
	case NoColumns:
		return f.Text + ": give rows by --sample"
	case NotChecked:
		return "the sample can't be compared: " + f.Text
	default:
		return "the conversion failed: " + f.Text
	}
}
