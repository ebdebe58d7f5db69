package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// modelExtension is a file name's ending and the model format that it stands for.
type modelExtension struct {
	ending, format string
	// served says that the bundled runtime serves the format.
	served bool
	// remedy says what to do with a file that isn't served.
	remedy string
	// holds tells by a file's first bytes whether it is of the format, where other files end so too; nil: the ending says it.
	holds func(head []byte) bool
}

// modelExtensions are the endings of model files; of one ending, the first whose content fits.
func modelExtensions() []modelExtension {
	const convert = "convert it to ONNX (%s), or write an InferenceService whose runtime serves it"
	with := func(tool string) string { return fmt.Sprintf(convert, tool) }
	return []modelExtension{
		{ending: ".onnx", format: "onnx", served: true},
		{ending: ".joblib", format: "sklearn", served: true},
		{ending: ".pkl", format: "sklearn", served: true},
		{ending: ".pickle", format: "sklearn", served: true},
		{ending: ".json", format: "xgboost", served: true, holds: HoldsXGBoost},
		{ending: ".ubj", format: "xgboost", served: true},
		{ending: ".model", format: "xgboost", served: true, holds: HoldsXGBoost},
		{ending: ".model", format: "lightgbm", served: true, holds: HoldsLightGBM},
		{ending: ".txt", format: "lightgbm", served: true, holds: HoldsLightGBM},
		{ending: ".lgb", format: "lightgbm", served: true},
		{ending: ".bst", format: "lightgbm", served: true, holds: HoldsLightGBM},
		{ending: ".bst", format: "xgboost", served: true},
		{ending: ".pt", format: "pytorch", remedy: with("torch.onnx.export")},
		{ending: ".pth", format: "pytorch", remedy: with("torch.onnx.export")},
		{ending: ".mar", format: "pytorch", remedy: with("torch.onnx.export")},
		{ending: ".keras", format: "tensorflow", remedy: with("tf2onnx")},
		{ending: ".h5", format: "tensorflow", remedy: with("tf2onnx")},
		{ending: ".pb", format: "tensorflow", remedy: with("tf2onnx")},
		{ending: ".tflite", format: "tensorflow", remedy: with("tf2onnx")},
		{ending: ".pmml", format: "pmml", remedy: "write an InferenceService whose runtime serves it"},
		{ending: ".pdmodel", format: "paddle", remedy: with("paddle2onnx")},
		{ending: ".safetensors", format: "huggingface", remedy: with("optimum-cli export onnx")},
		{ending: ".gguf", format: "gguf", remedy: "write an InferenceService whose container serves it"},
	}
}

// IsModelFile says whether a file is a model, served or not: by its name, and where others end so too, by its first bytes, for which
// head is asked.
func IsModelFile(file string, head func(file string) []byte) bool {
	_, ok := extensionOf(file, head)
	return ok
}

func extensionOf(file string, head func(file string) []byte) (modelExtension, bool) {
	ending := strings.ToLower(path.Ext(file))
	for _, e := range modelExtensions() {
		if e.ending == ending && (e.holds == nil || e.holds(head(file))) {
			return e, true
		}
	}
	return modelExtension{}, false
}

// isEnding says whether models end so, whatever a file holds.
func isEnding(ending string) bool {
	return slices.ContainsFunc(modelExtensions(), func(e modelExtension) bool { return e.ending == strings.ToLower(ending) })
}

// ModelFileError says why a model file can't be served as it is.
type ModelFileError struct {
	File string
	// Message says what is wrong, Remedy what to do.
	Message, Remedy string
}

func (e *ModelFileError) Error() string { return e.File + ": " + e.Message + "; " + e.Remedy }

// ModelFile writes the InferenceService of a bare model file that was found at or below root, which is what the user named:
// named for the file, or for its folder if the file is called only "model", and of the format that its ending stands for.
// Both paths must be absolute; head are the file's first bytes. A file that can't be served, as of a format that isn't, is a [*ModelFileError].
func ModelFile(file, root string, head []byte) (v1beta1.InferenceService, error) {
	extension, known := extensionOf(file, func(string) []byte { return head })
	refuse := func(remedy, format string, args ...any) (v1beta1.InferenceService, error) {
		return v1beta1.InferenceService{}, &ModelFileError{File: file, Message: fmt.Sprintf(format, args...), Remedy: remedy}
	}
	switch {
	case !known && isEnding(path.Ext(file)):
		return refuse("save the model by its library's save_model, or name another file",
			"the file ends in %s and holds no model of the libraries that write such: formats served are %s", path.Ext(file), served())
	case !known:
		return refuse("rename the file, or write an InferenceService for it",
			"the ending %q stands for no model format: formats served are %s", path.Ext(file), served())
	case !extension.served:
		return refuse(extension.remedy, "format %s is not served by the bundled runtime: formats served are %s", extension.format, served())
	case !path.IsAbs(file):
		return refuse("give an absolute path, as a storage URI needs", "the path is not absolute")
	}
	name := label(modelName(file, root))
	if name == "" {
		return refuse("rename it, for example model"+extension.ending, "the file's name has no letter to make a service's name of")
	}
	uri := "file://" + path.Clean(file)
	s := v1beta1.InferenceService{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1beta1.GroupVersion.String(), Kind: v1beta1.KindInferenceService},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceDefault},
	}
	s.Spec.Predictor.Model = &v1beta1.ModelSpec{ModelFormat: v1beta1.ModelFormat{Name: extension.format}}
	s.Spec.Predictor.Model.StorageURI = &uri
	return s, nil
}

// modelName is what a model is called by where its file lies. In the layout of Triton and KServe, iris/1/model.onnx, that
// is the folder's name, with the version left out. Folders above root are none that the user spoke of.
func modelName(file, root string) string {
	own := strings.TrimSuffix(path.Base(file), path.Ext(file))
	if !strings.EqualFold(own, "model") {
		return own
	}
	folder := path.Dir(file)
	if _, versioned := versionOf(path.Base(folder)); versioned {
		folder = path.Dir(folder)
	}
	below := folder == root || strings.HasPrefix(folder, strings.TrimSuffix(root, "/")+"/")
	if name := path.Base(folder); below && label(name) != "" {
		return name
	}
	return own
}

// NewestModels leaves out of model files those that differ from another only in their folder and whose folder's name is a
// lower version (1 or v1): of iris/1/model.onnx and iris/2/model.onnx, the second is served.
func NewestModels(files []string) []string {
	type place struct{ folder, name string }
	placeOf := func(file string) place { return place{path.Dir(path.Dir(file)), path.Base(file)} }
	newest := map[place]string{}
	for _, file := range files {
		version, versioned := versionOf(path.Base(path.Dir(file)))
		if have, known := newest[placeOf(file)]; versioned && (!known || higher(version, have)) {
			newest[placeOf(file)] = version
		}
	}
	var kept []string
	for _, file := range files {
		if version, versioned := versionOf(path.Base(path.Dir(file))); !versioned || version == newest[placeOf(file)] {
			kept = append(kept, file)
		}
	}
	return kept
}

// versionOf gives the digits of a folder's name that is a version, without zeros in front. A date may have more of them
// than an integer holds.
func versionOf(folder string) (digits string, ok bool) {
	digits = strings.TrimPrefix(folder, "v")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return strings.TrimLeft(digits, "0"), true
}

func higher(version, than string) bool {
	if len(version) != len(than) {
		return len(version) > len(than)
	}
	return version > than
}

func served() string {
	endings := map[string][]string{}
	for _, e := range modelExtensions() {
		if e.served {
			endings[e.format] = append(endings[e.format], e.ending)
		}
	}
	var out []string
	for _, format := range slices.Sorted(maps.Keys(endings)) {
		out = append(out, fmt.Sprintf("%s (%s)", format, strings.Join(endings[format], " ")))
	}
	return strings.Join(out, ", ")
}

// maxName leaves room in a DNS label for the component, the namespace default and a revision's number.
const maxName = 40

// label makes a service's name of any text: lower-case letters, digits and single dashes, a letter first.
func label(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9' && b.Len() > 0:
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() == maxName {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}
