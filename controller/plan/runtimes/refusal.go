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
func noFormat(r Request, scopes [][]candidate) string {
	known := map[string]bool{}
	for _, scope := range scopes {
		for _, c := range scope {
			if isTrue(c.spec.Disabled) || r.Named != "" && c.name != r.Named {
				continue
			}
			for _, f := range c.spec.SupportedModelFormats {
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

// noneFits says why an automatic choice found nothing, naming each runtime that has the format.
func noneFits(r Request, scopes [][]candidate) string {
	var reasons []string
	var misses miss
	known := map[string]bool{}
	for _, scope := range scopes {
		for _, c := range scope {
			for _, f := range c.spec.SupportedModelFormats {
				if isTrue(f.AutoSelect) && !isTrue(c.spec.Disabled) {
					known[f.Name] = true
				}
			}
			if m := c.miss(r); !m.has(missFormat) {
				reasons = append(reasons, c.name+": "+c.why(m, r))
				misses |= m
			}
		}
	}
	if len(reasons) == 0 {
		return fmt.Sprintf("no runtime serves format %s: %s; add a ServingRuntime for it", r.wanted(), offer(r, known))
	}
	slices.Sort(reasons)
	protocol := string(r.protocol())
	if r.Protocol == "" {
		protocol += ", which counts where the manifest names none,"
	}
	return fmt.Sprintf("no runtime serves format %s with protocol %s by itself (%s): %s", r.wanted(), protocol, strings.Join(reasons, "; "), mend(misses, r))
}

// mend says what would let one of the runtimes that have the format serve the model.
func mend(misses miss, r Request) string {
	var out []string
	for _, one := range []struct {
		miss   miss
		remedy string
	}{
		{missProtocol, "set model.protocolVersion to one that is spoken"},
		{missVersion, "change model.modelFormat.version or leave it out"},
		{missNoWorkers, "remove the predictor's workerSpec"},
		{missDisabled, "set the runtime's spec.disabled to false"},
	} {
		if misses.has(one.miss) {
			out = append(out, one.remedy)
		}
	}
	// What stands in the way of the automatic choice only is no hindrance to a runtime that the manifest names.
	if misses.has(missManual|missMultiModel|missWorkers) || misses.has(missProtocol) && r.Protocol == "" {
		out = append(out, "name one in model.runtime")
	}
	return strings.Join(out, ", or ")
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

// formats lists what a runtime serves, or, given a format, in what versions it serves that.
func formats(s *v1alpha1.ServingRuntimeSpec, only string) string {
	known := map[string]bool{}
	for _, f := range s.SupportedModelFormats {
		if only != "" && f.Name != only {
			continue
		}
		name := f.Name
		if f.Version != nil {
			name += " " + *f.Version
		}
		known[name] = true
	}
	return list(known)
}

func names(scopes [][]candidate) string {
	known := map[string]bool{}
	for _, scope := range scopes {
		for _, c := range scope {
			known[c.name] = true
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
