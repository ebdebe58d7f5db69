package v1alpha1

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

// ValidateParts gives what is wrong with the parts of a workload, whether or not it is whole: a config may leave out what others bring.
func (w *WorkloadSpec) ValidateParts(path *field.Path) field.ErrorList {
	errs := rules.AtLeast(path.Child("replicas"), w.Replicas, 0)
	if w.Replicas != nil && w.Scaling != nil {
		errs = append(errs, field.Forbidden(path.Child("scaling"), "replicas and scaling exclude each other; keep scaling for a number that changes, replicas for one that does not"))
	}
	errs = append(errs, w.Scaling.validate(path.Child("scaling"))...)
	if p := w.Parallelism; p != nil {
		at := path.Child("parallelism")
		errs = append(errs, rules.AtLeast(at.Child("tensor"), p.Tensor, 1)...)
		errs = append(errs, rules.AtLeast(at.Child("pipeline"), p.Pipeline, 1)...)
		errs = append(errs, rules.AtLeast(at.Child("data"), p.Data, 1)...)
		errs = append(errs, rules.AtLeast(at.Child("dataLocal"), p.DataLocal, 1)...)
		errs = append(errs, validatePort(at.Child("dataRPCPort"), p.DataRPCPort)...)
	}
	return errs
}

// ValidateWhole gives what is wrong with a service's workload as a whole. It does not repeat ValidateParts.
func (w *WorkloadSpec) ValidateWhole(path *field.Path) field.ErrorList {
	errs := w.validateParallelism(path)
	return append(errs, w.RolloutStrategy.validate(path.Child("rolloutStrategy"), w.Worker != nil)...)
}

func (w *WorkloadSpec) validateParallelism(path *field.Path) field.ErrorList {
	p := w.Parallelism
	copies := p != nil && (above(p.Data, 0) || above(p.DataLocal, 0))
	stages := p != nil && above(p.Pipeline, 0)
	var errs field.ErrorList
	if w.Worker != nil && !copies && !stages {
		errs = append(errs, field.Required(path.Child("parallelism"),
			"several nodes share a model by stages or by copies; set pipeline, or data and dataLocal, or remove worker"))
	}
	if p == nil {
		return errs
	}
	at := path.Child("parallelism")
	if copies && stages {
		errs = append(errs, field.Forbidden(at.Child("pipeline"), "stages and copies exclude each other; keep pipeline, or data and dataLocal"))
	}
	if p.Data != nil && p.DataLocal == nil {
		errs = append(errs, field.Required(at.Child("dataLocal"), "copies are spread by their number on each node; set it beside data"))
	}
	if p.DataLocal != nil && p.Data == nil {
		errs = append(errs, field.Required(at.Child("data"), "dataLocal is a part of all copies; set data beside it"))
	}
	return errs
}

func validatePort(path *field.Path, port *int32) field.ErrorList {
	if port == nil || *port >= 1 && *port <= 65535 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, *port, "not a port; use 1 to 65535")}
}

func (r *RolloutStrategy) validate(path *field.Path, nodes bool) field.ErrorList {
	if r == nil {
		return nil
	}
	errs := validateShare(path.Child("maxUnavailable"), r.MaxUnavailable)
	errs = append(errs, validateShare(path.Child("maxSurge"), r.MaxSurge)...)
	if len(errs) > 0 || r.MaxUnavailable == nil || shareOfOne(r.MaxUnavailable, false) > 0 {
		return errs
	}
	switch {
	case r.MaxSurge != nil && shareOfOne(r.MaxSurge, true) == 0:
		errs = append(errs, field.Invalid(path.Child("maxSurge"), r.MaxSurge.String(), "with neither a replica less nor one more, no change can begin; raise maxSurge or maxUnavailable"))
	case r.MaxSurge == nil && nodes:
		errs = append(errs, field.Required(path.Child("maxSurge"), "with maxUnavailable 0 a replica of several nodes can't be replaced; set it to 1 or more"))
	}
	return errs
}

func validateShare(path *field.Path, share *intstr.IntOrString) field.ErrorList {
	if share == nil {
		return nil
	}
	if share.Type == intstr.Int {
		return rules.NotNegative(path, int64(share.IntVal))
	}
	n, err := strconv.Atoi(strings.TrimSuffix(share.StrVal, "%"))
	if len(validation.IsValidPercent(share.StrVal)) > 0 || err != nil || n > 100 {
		return field.ErrorList{field.Invalid(path, share.StrVal, "neither a number nor a percentage up to 100%; write 1 or 25%")}
	}
	return nil
}

// shareOfOne is what is left of one replica: it tells shares of nothing from others.
func shareOfOne(share *intstr.IntOrString, up bool) int {
	n, err := intstr.GetScaledValueFromIntOrPercent(share, 1, up)
	if err != nil {
		return 1
	}
	return n
}

// ValidateURI holds that a model's URI can be read as one.
func ValidateURI(uri string, path *field.Path) field.ErrorList {
	if regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9+.]*:`).MatchString(uri) || !strings.Contains(uri, ":") {
		return nil
	}
	return field.ErrorList{field.Invalid(path, "[not a URI]", "not a URI; write SCHEME://PLACE, such as hf://ORGANISATION/MODEL")}
}

// Validate bounds a model's adapters.
func (l *LoRALimits) Validate(path *field.Path) field.ErrorList {
	errs := rules.AtLeast(path.Child("maxRank"), l.MaxRank, 1)
	errs = append(errs, rules.AtLeast(path.Child("maxAdapters"), l.MaxAdapters, 1)...)
	return append(errs, rules.AtLeast(path.Child("maxCpuAdapters"), l.MaxCPUAdapters, 1)...)
}

// ValidateAdapters holds that each adapter has a name of its own, by which requests and files are told apart. model is the name of the
// model itself.
func ValidateAdapters(names []*string, model string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	first := map[string]int{}
	for i, name := range names {
		at := path.Index(i).Child("name")
		if name == nil || *name == "" {
			errs = append(errs, field.Required(at, "an adapter is asked for by its name; set one"))
			continue
		}
		before, twice := first[*name]
		switch {
		case *name == "." || *name == "..":
			errs = append(errs, field.Invalid(at, *name, "a name that leads out of the adapters' directory; use another"))
			continue
		case twice:
			errs = append(errs, field.Invalid(at, *name, fmt.Sprintf("adapter %d has this name already; use another", before)))
		case *name == model:
			errs = append(errs, field.Invalid(at, *name, "the model itself has this name; use another"))
		}
		if !twice {
			first[*name] = i
		}
	}
	return errs
}

// ValidatePod gives what the API server refuses of a pod in a template, which may be a part of a pod: the entries of its lists are known by their names.
func ValidatePod(pod *corev1.PodSpec, path *field.Path) field.ErrorList {
	if pod == nil {
		return nil
	}
	var errs field.ErrorList
	for _, list := range []struct {
		name string
		of   []corev1.Container
	}{{"containers", pod.Containers}, {"initContainers", pod.InitContainers}} {
		for i := range list.of {
			if list.of[i].Name == "" {
				errs = append(errs, field.Required(path.Child(list.name).Index(i).Child("name"), "a container needs a name; call the one that serves main"))
			}
		}
	}
	return errs
}
