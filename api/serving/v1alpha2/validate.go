package v1alpha2

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
)

// Validate gives everything that KServe's schema and webhook refuse of a service. Each error's detail gives the rule, then after a
// semicolon what to do.
func (s *LLMInferenceService) Validate() field.ErrorList {
	spec := field.NewPath("spec")
	errs := s.Spec.validateParts(spec)
	errs = append(errs, s.Spec.WorkloadSpec.validateWhole(spec)...)
	if p := s.Spec.Prefill; p != nil {
		errs = append(errs, p.validateWhole(spec.Child("prefill"))...)
		errs = append(errs, v1alpha1.SameScaling(&s.Spec.WorkloadSpec.WorkloadSpec, &p.WorkloadSpec, spec.Child("prefill"))...)
	}
	if r := s.Spec.Router; r != nil {
		at := spec.Child("router")
		errs = append(errs, r.RouterPaths.ValidateWhole(at, true)...)
		if r.Scheduler != nil {
			errs = append(errs, r.Scheduler.validateWhole(at.Child("scheduler"))...)
		}
	}
	model := spec.Child("model")
	if l := s.Spec.Model.LoRA; l != nil {
		errs = append(errs, v1alpha1.ValidateAdapters(l.names(), s.modelName(), model.Child("lora", "adapters"))...)
	}
	errs = append(errs, s.Spec.Model.Confidential.validate(model.Child("confidential"))...)
	return append(errs, v1alpha1.ValidateDevices(s.Annotations)...)
}

// ValidateUpdate gives what may not change between two versions of one service.
func (s *LLMInferenceService) ValidateUpdate(old *LLMInferenceService) field.ErrorList {
	prefill := func(w *WorkloadSpec) *v1alpha1.WorkloadSpec {
		if w == nil {
			return nil
		}
		return &w.WorkloadSpec
	}
	return v1alpha1.SameNodes(&s.Spec.WorkloadSpec.WorkloadSpec, &old.Spec.WorkloadSpec.WorkloadSpec, prefill(s.Spec.Prefill), prefill(old.Spec.Prefill))
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
	return append(errs, v1alpha1.ValidateTemplate(c.Spec)...)
}

func (s *LLMInferenceServiceSpec) validateParts(path *field.Path) field.ErrorList {
	errs := v1alpha1.ValidateURI(s.Model.URI, path.Child("model", "uri"))
	if l := s.Model.LoRA; l != nil {
		errs = append(errs, l.LoRALimits.Validate(path.Child("model", "lora"))...)
	}
	errs = append(errs, s.WorkloadSpec.validateParts(path)...)
	if p := s.Prefill; p != nil {
		errs = append(errs, p.validateParts(path.Child("prefill"))...)
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

func (w *WorkloadSpec) validateParts(path *field.Path) field.ErrorList {
	errs := w.WorkloadSpec.ValidateParts(path)
	errs = append(errs, v1alpha1.ValidatePod(w.Template, path.Child("template"))...)
	errs = append(errs, v1alpha1.ValidatePod(w.Worker, path.Child("worker"))...)
	if kv := w.KVCacheOffloading; kv != nil && kv.EvictionPolicy != "" {
		errs = append(errs, rules.OneOf(path.Child("kvCacheOffloading", "evictionPolicy"), kv.EvictionPolicy, "lru", "arc")...)
	}
	return errs
}

func (w *WorkloadSpec) validateWhole(path *field.Path) field.ErrorList {
	errs := w.WorkloadSpec.ValidateWhole(path)
	return append(errs, w.KVCacheOffloading.validate(path.Child("kvCacheOffloading"))...)
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
	errs := rules.UnsetOrOneOf(path.Child("appProtocol"), p.AppProtocol, PoolHTTP, PoolH2C)
	for i, port := range p.TargetPorts {
		errs = append(errs, port.validate(path.Child("targetPorts").Index(i))...)
	}
	picker := path.Child("endpointPickerRef")
	errs = append(errs, rules.UnsetOrOneOf(picker.Child("failureMode"), p.EndpointPickerRef.FailureMode, PoolFailOpen, PoolFailClose)...)
	if p.EndpointPickerRef.Port != nil {
		errs = append(errs, p.EndpointPickerRef.Port.validate(picker.Child("port"))...)
	}
	return errs
}

func (p *PoolSpec) validate(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	labels := path.Child("selector", "matchLabels")
	if n := len(p.Selector.MatchLabels); n < 1 || n > 64 {
		errs = append(errs, field.Invalid(labels, n, "pods are selected by 1 to 64 labels; set those of the pods"))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Selector.MatchLabels)) {
		if value := p.Selector.MatchLabels[name]; len(value) > 63 || !regexp.MustCompile(`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`).MatchString(string(value)) {
			errs = append(errs, field.Invalid(labels.Key(name), string(value), "not the value of a label; use at most 63 letters, digits, hyphens, underscores and dots"))
		}
	}
	ports := path.Child("targetPorts")
	if n := len(p.TargetPorts); n < 1 || n > 8 {
		errs = append(errs, field.Invalid(ports, n, "a pool has 1 to 8 ports; set those of the pods"))
	}
	seen := map[int32]bool{}
	for i, port := range p.TargetPorts {
		if seen[port.Number] {
			errs = append(errs, field.Duplicate(ports.Index(i).Child("number"), port.Number))
		}
		seen[port.Number] = true
	}
	return append(errs, p.EndpointPickerRef.validate(path.Child("endpointPickerRef"))...)
}

func (p *PoolPort) validate(path *field.Path) field.ErrorList {
	if p.Number >= 1 && p.Number <= 65535 {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("number"), p.Number, "not a port; use 1 to 65535")}
}

func (p *PoolEndpointPicker) validate(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if p.Name == "" {
		errs = append(errs, field.Required(path.Child("name"), "the endpoint picker is found by its Service; name it"))
	}
	if p.Port == nil && (p.Kind == "" || p.Kind == "Service") {
		errs = append(errs, field.Required(path.Child("port"), "a Service is called at a port; set number"))
	}
	return errs
}

// keyForm is the form of a key broker's resource.
const keyForm = `^kbs:///[\w.-]+/[\w.-]+/[\w.-]+$`

func (c *ConfidentialSpec) validate(path *field.Path) field.ErrorList {
	if c == nil || !c.Enabled || c.ResourceID == nil || *c.ResourceID == "" || regexp.MustCompile(keyForm).MatchString(*c.ResourceID) {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("resourceId"), *c.ResourceID, "not a resource of a key broker; write kbs:///REPOSITORY/TYPE/TAG")}
}

func (l *LoRASpec) names() []*string {
	names := make([]*string, len(l.Adapters))
	for i := range l.Adapters {
		names[i] = l.Adapters[i].Name
	}
	return names
}

func (k *KVCacheOffloadingSpec) validate(path *field.Path) field.ErrorList {
	if k == nil || len(k.Secondary) == 0 {
		return nil
	}
	var errs field.ErrorList
	if k.CPU.IsZero() {
		errs = append(errs, field.Required(path.Child("cpu"), "further places stand behind memory; set its size"))
	}
	for i := range k.Secondary {
		at := path.Child("secondary").Index(i).Child("fileSystem")
		if fs := k.Secondary[i].FileSystem; fs == nil {
			errs = append(errs, field.Required(at, "a place is a directory; set it"))
		} else {
			errs = append(errs, fs.validate(at)...)
		}
	}
	return errs
}

func (f *FileSystemTierSpec) validate(path *field.Path) field.ErrorList {
	if err := oneSet(path, "emptyDir", f.EmptyDir != nil, "pvc", f.PVC != nil); err != nil || f.PVC == nil {
		return err
	}
	at := path.Child("pvc")
	if err := oneSet(at, "spec", f.PVC.Spec != nil, "ref", f.PVC.Ref != nil); err != nil || f.PVC.Ref == nil || f.PVC.Ref.Name != "" {
		return err
	}
	return field.ErrorList{field.Required(at.Child("ref", "name"), "the claim is found by its name; set it")}
}

// oneSet holds that of two fields one is set.
func oneSet(path *field.Path, one string, oneIs bool, other string, otherIs bool) field.ErrorList {
	switch {
	case oneIs && otherIs:
		return field.ErrorList{field.Forbidden(path.Child(other), fmt.Sprintf("%s and %s exclude each other; keep one of them", one, other))}
	case !oneIs && !otherIs:
		return field.ErrorList{field.Required(path, fmt.Sprintf("one of %s and %s says where; set it", one, other))}
	}
	return nil
}
