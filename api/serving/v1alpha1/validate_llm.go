package v1alpha1

import (
	"encoding/json"
	"strings"
	"text/template/parse"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

// Validate gives everything that KServe's schema and webhook refuse of a service. Each error's detail gives the rule, then after a
// semicolon what to do.
func (s *LLMInferenceService) Validate() field.ErrorList {
	spec := field.NewPath("spec")
	errs := s.Spec.validateParts(spec)
	errs = append(errs, s.Spec.WorkloadSpec.ValidateWhole(spec)...)
	if p := s.Spec.Prefill; p != nil {
		errs = append(errs, p.ValidateWhole(spec.Child("prefill"))...)
	}
	errs = append(errs, SameScaling(&s.Spec.WorkloadSpec, s.Spec.Prefill, spec.Child("prefill"))...)
	if r := s.Spec.Router; r != nil {
		at := spec.Child("router")
		errs = append(errs, r.RouterPaths.ValidateWhole(at, false)...)
		if r.Scheduler != nil {
			errs = append(errs, r.Scheduler.validateWhole(at.Child("scheduler"))...)
		}
	}
	if l := s.Spec.Model.LoRA; l != nil {
		errs = append(errs, ValidateAdapters(l.names(), s.modelName(), spec.Child("model", "lora", "adapters"))...)
	}
	return append(errs, ValidateDevices(s.Annotations)...)
}

// ValidateUpdate gives what may not change between two versions of one service.
func (s *LLMInferenceService) ValidateUpdate(old *LLMInferenceService) field.ErrorList {
	return SameNodes(&s.Spec.WorkloadSpec, &old.Spec.WorkloadSpec, s.Spec.Prefill, old.Spec.Prefill)
}

// SameNodes holds that a change of a service keeps the number of nodes of a replica. The last two may be nil.
func SameNodes(now, old, prefill, oldPrefill *WorkloadSpec) field.ErrorList {
	const rule = "the number of nodes of a replica can't change; delete the service and create it anew"
	var errs field.ErrorList
	if now.Parallelism.Nodes() != old.Parallelism.Nodes() {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "parallelism"), rule))
	}
	if prefill != nil && oldPrefill != nil && prefill.Parallelism.Nodes() != oldPrefill.Parallelism.Nodes() {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "prefill", "parallelism"), rule))
	}
	return errs
}

func (s *LLMInferenceService) modelName() string {
	if n := s.Spec.Model.Name; n != nil {
		return *n
	}
	return s.Name
}

// Validate gives everything that KServe's schema and webhook refuse of a config.
func (c *LLMInferenceServiceConfig) Validate() field.ErrorList {
	errs := c.Spec.validateParts(field.NewPath("spec"))
	if len(c.Spec.BaseRefs) > 0 {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "baseRefs"), "a config is not laid over another; remove baseRefs, and name both in the service"))
	}
	return append(errs, ValidateTemplate(c.Spec)...)
}

func (s *LLMInferenceServiceSpec) validateParts(path *field.Path) field.ErrorList {
	errs := ValidateURI(s.Model.URI, path.Child("model", "uri"))
	if c := s.Model.Criticality; c != nil {
		errs = append(errs, rules.OneOf(path.Child("model", "criticality"), *c, CriticalityCritical, CriticalityStandard, CriticalitySheddable)...)
	}
	if l := s.Model.LoRA; l != nil {
		errs = append(errs, l.LoRALimits.Validate(path.Child("model", "lora"))...)
	}
	errs = append(errs, s.WorkloadSpec.ValidateParts(path)...)
	errs = append(errs, ValidatePod(s.Template, path.Child("template"))...)
	errs = append(errs, ValidatePod(s.Worker, path.Child("worker"))...)
	if p := s.Prefill; p != nil {
		at := path.Child("prefill")
		errs = append(errs, p.ValidateParts(at)...)
		errs = append(errs, ValidatePod(p.Template, at.Child("template"))...)
		errs = append(errs, ValidatePod(p.Worker, at.Child("worker"))...)
	}
	if s.Router == nil {
		return errs
	}
	at := path.Child("router")
	errs = append(errs, s.Router.RouterPaths.ValidateParts(at)...)
	if s.Router.Scheduler == nil {
		return errs
	}
	at = at.Child("scheduler")
	errs = append(errs, s.Router.Scheduler.SchedulerSettings.ValidateParts(at)...)
	if p := s.Router.Scheduler.Pool; p != nil && p.Spec != nil {
		errs = append(errs, p.Spec.validateParts(at.Child("pool", "spec"))...)
	}
	return errs
}

// validateWhole judges the pool as well, whose labels and names may be templates in a config.
func (s *SchedulerSpec) validateWhole(path *field.Path) field.ErrorList {
	errs := s.SchedulerSettings.ValidateWhole(path)
	if s.Pool == nil || s.Pool.Spec == nil {
		return errs
	}
	return append(errs, s.Pool.Spec.validate(path.Child("pool", "spec"))...)
}

// validateParts is what holds in a config as well.
func (p *PoolSpec) validateParts(path *field.Path) field.ErrorList {
	ext := &p.ExtensionRef
	if *ext == (PoolExtension{}) {
		return nil
	}
	at := path.Child("extensionRef")
	errs := rules.OneOf(at.Child("failureMode"), ext.FailureMode, PoolFailOpen, PoolFailClose)
	return append(errs, validatePort(at.Child("portNumber"), ext.PortNumber)...)
}

func (p *PoolSpec) validate(path *field.Path) field.ErrorList {
	ext := &p.ExtensionRef
	if *ext == (PoolExtension{}) {
		return nil
	}
	if ext.Name == "" {
		return field.ErrorList{field.Required(path.Child("extensionRef", "name"), "the endpoint picker is found by its Service; name it")}
	}
	return nil
}

func (l *LoRASpec) names() []*string {
	names := make([]*string, len(l.Adapters))
	for i := range l.Adapters {
		names[i] = l.Adapters[i].Name
	}
	return names
}

// ValidateTemplate holds that a config can be filled in: its values may have Go templates in them, over the service that is laid over it.
// What they say is not judged.
func ValidateTemplate(spec any) field.ErrorList {
	data, err := json.Marshal(spec)
	if err != nil || parses(string(data)) == nil {
		return nil
	}
	at, problem := field.NewPath("spec"), parses(string(data)).Error()
	var tree any
	if json.Unmarshal(data, &tree) == nil {
		if where, what := firstUnparsed(tree, at); where != nil {
			at, problem = where, what
		}
	}
	return field.ErrorList{field.Invalid(at, "[template]", "not a Go template: "+strings.TrimPrefix(problem, "template: ")+"; correct what stands between {{ and }}")}
}

func parses(text string) error {
	t := parse.New("config")
	t.Mode = parse.SkipFuncCheck
	_, err := t.Parse(text, "", "", map[string]*parse.Tree{})
	return err
}

// firstUnparsed finds the value that is no template by itself.
func firstUnparsed(tree any, path *field.Path) (at *field.Path, problem string) {
	switch v := tree.(type) {
	case map[string]any:
		for name, value := range v {
			if at, problem = firstUnparsed(value, path.Child(name)); at != nil {
				return at, problem
			}
		}
	case []any:
		for i, value := range v {
			if at, problem = firstUnparsed(value, path.Index(i)); at != nil {
				return at, problem
			}
		}
	case string:
		if err := parses(v); err != nil {
			return path, err.Error()
		}
	}
	return nil, ""
}
