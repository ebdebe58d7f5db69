package runtimes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/api/nearest"
	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
)

// noFormat says which formats a model that names none could have: of the named runtime, or of all.
func noFormat(r Request, scopes [][]Choice) string {
	known := map[string]bool{}
	for _, scope := range scopes {
		for _, c := range scope {
			if isTrue(c.Spec.Disabled) || r.Named != "" && c.Name != r.Named {
				continue
			}
			for _, f := range c.Spec.SupportedModelFormats {
				known[f.Name] = true
			}
		}
	}
	of := "formats with a runtime are"
	if r.Named != "" {
		of = fmt.Sprintf("runtime %q serves", r.Named)
	}
	return fmt.Sprintf("the model names no format, so no runtime can be chosen: set model.modelFormat.name; %s %s", of, list(known))
}

// noneFits says why an automatic choice found nothing: the nearest miss first.
func noneFits(r Request, scopes [][]Choice) string {
	wanted := strings.TrimSpace(r.Format + " " + r.Version)
	var misses []string
	known := map[string]bool{}
	for _, scope := range scopes {
		for _, c := range scope {
			for _, f := range c.Spec.SupportedModelFormats {
				if isTrue(f.AutoSelect) && !isTrue(c.Spec.Disabled) {
					known[f.Name] = true
				}
				if f.Name == r.Format {
					misses = append(misses, c.Name+": "+missed(c, r))
					break
				}
			}
		}
	}
	if len(misses) > 0 {
		slices.Sort(misses)
		return fmt.Sprintf("no runtime serves format %s with protocol %s by itself (%s): name one in model.runtime or set model.protocolVersion",
			wanted, r.Protocol, strings.Join(misses, "; "))
	}
	return fmt.Sprintf("no runtime serves format %s: %s; add a ServingRuntime for it", wanted, offer(r, known))
}

// offer names the formats that there are: the one that was probably meant, then those that run here, then the others.
func offer(r Request, known map[string]bool) string {
	var out string
	if near := nearest.Name(r.Format, slices.Sorted(maps.Keys(known))); near != "" {
		out = fmt.Sprintf("did you mean %s? ", near)
	}
	others := maps.Clone(known)
	here := map[string]bool{}
	for _, format := range r.Here {
		here[format] = true
		delete(others, format)
	}
	if len(here) == 0 {
		return out + "formats with a runtime are " + list(known)
	}
	return fmt.Sprintf("%sserved on this machine by itself: %s; other formats with a runtime, most of which are images for a container engine, are %s", out, list(here), list(others))
}

func missed(c Choice, r Request) string {
	if why := unfit(c, r, false); why != "" {
		return why
	}
	return "it is not chosen automatically (autoSelect)"
}

func formats(s v1alpha1.ServingRuntimeSpec) string {
	known := map[string]bool{}
	for _, f := range s.SupportedModelFormats {
		name := f.Name
		if f.Version != nil {
			name += " " + *f.Version
		}
		known[name] = true
	}
	return list(known)
}

func names(scopes [][]Choice) string {
	known := map[string]bool{}
	for _, scope := range scopes {
		for _, c := range scope {
			known[c.Name] = true
		}
	}
	return list(known)
}

func list(set map[string]bool) string {
	if len(set) == 0 {
		return "none"
	}
	out := make([]string, 0, len(set))
	for name := range set {
		out = append(out, name)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
