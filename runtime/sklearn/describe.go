package sklearn

import (
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

// Description is what a file says of itself, as far as it can be read without running it.
type Description struct {
	Class     string   // of the model, with its module; "" if it isn't known
	Version   string   // of scikit-learn that wrote it, "" if it doesn't say
	Libraries []string // whose classes stand in it, sorted: sklearn, xgboost, …
}

// Describe reads what a file holds, whether it is served or not. A file that this reader doesn't take apart has an empty description.
func Describe(data []byte) Description {
	root, err := pickle.Read(data, pickle.Limits{})
	if err != nil {
		return Description{}
	}
	var d Description
	if o, ok := root.(*pickle.Object); ok {
		d.Class = o.Module + "." + o.Name
	}
	d.visit(root, map[pickle.Value]bool{})
	slices.Sort(d.Libraries)
	return d
}

// visit goes through all values once.
func (d *Description) visit(v pickle.Value, seen map[pickle.Value]bool) {
	var within []pickle.Value
	switch v := v.(type) {
	case *pickle.Object:
		if seen[v] {
			return
		}
		seen[v] = true
		d.note(v)
		within = append(append(within, v.Args...), v.State)
	case *pickle.Dict:
		if seen[v] {
			return
		}
		seen[v] = true
		within = v.Values
	case *pickle.Array:
		within = v.Items
	default:
		within = itemsOf(v)
	}
	for _, inner := range within {
		d.visit(inner, seen)
	}
}

func (d *Description) note(o *pickle.Object) {
	library, _, _ := strings.Cut(o.Module, ".")
	if !slices.Contains(d.Libraries, library) {
		d.Libraries = append(d.Libraries, library)
	}
	if version, ok := o.Attr("_sklearn_version"); ok && d.Version == "" {
		d.Version, _ = version.(string)
	}
}
