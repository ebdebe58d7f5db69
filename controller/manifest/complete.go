package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/api/validate/content"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/keypair"
	servingv1alpha1 "github.com/sluice-serving/sluice/api/serving/v1alpha1"
	servingv1alpha2 "github.com/sluice-serving/sluice/api/serving/v1alpha2"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
)

// Defaults are what Parse fills in on InferenceServices: KServe's, in Standard mode.
func Defaults() v1beta1.Defaults {
	each := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("1"),
		corev1.ResourceMemory: resource.MustParse("2Gi"),
	}
	return v1beta1.Defaults{
		DeploymentMode: v1beta1.ModeStandard,
		Resources:      corev1.ResourceRequirements{Requests: each, Limits: each.DeepCopy()},
		ARTVersion:     "latest",
	}
}

// complete sets what the API server would set, then validates, then defaults: in this order, since errors shall
// name the fields that the user wrote.
func (d *reading) complete(obj Object) {
	obj.GetObjectKind().SetGroupVersionKind(d.kind.GroupVersionKind)
	d.completeMetadata(obj)
	switch o := obj.(type) {
	case *v1beta1.InferenceService:
		d.addErrors(o.Validate())
		o.Default(Defaults())
	case *servingv1alpha1.ServingRuntime:
		d.addErrors(o.Spec.Validate())
	case *servingv1alpha1.ClusterServingRuntime:
		d.addErrors(o.Spec.Validate())
	case *servingv1alpha1.InferenceGraph:
		d.addErrors(o.Validate())
	case *servingv1alpha1.TrainedModel:
		d.addErrors(o.Validate())
	case *servingv1alpha1.LocalModelCache:
		d.addErrors(o.Spec.Validate())
	case *servingv1alpha1.LocalModelNamespaceCache:
		d.addErrors(o.Spec.Validate())
	case *servingv1alpha1.LLMInferenceService:
		d.addErrors(o.Validate())
		o.Default()
	case *servingv1alpha1.LLMInferenceServiceConfig:
		d.addErrors(o.Validate())
	case *servingv1alpha2.LLMInferenceService:
		d.addErrors(o.Validate())
		o.Default()
	case *servingv1alpha2.LLMInferenceServiceConfig:
		d.addErrors(o.Validate())
	case *sluicev1alpha1.DirectResponse:
		d.addErrors(o.Spec.Validate())
	case *sluicev1alpha1.AccessPolicy:
		d.addErrors(o.Spec.Validate())
	case *corev1.Secret:
		foldStringData(o)
		d.checkKeyPair(o)
	}
	// One that is refused holds no name: the object that is right must not be refused beside it.
	if len(d.findings) == 0 {
		d.refuseTwice(obj)
	}
}

func (d *reading) completeMetadata(obj Object) {
	metadata := field.NewPath("metadata")
	switch {
	case d.kind.cluster:
		// One that is written is passed over, as kubectl does.
		obj.SetNamespace("")
	case obj.GetNamespace() == "":
		obj.SetNamespace(DefaultNamespace)
	}
	// What a cluster has written on an object that was exported from it means nothing here.
	obj.SetManagedFields(nil)
	obj.SetOwnerReferences(nil)
	obj.SetResourceVersion("")
	obj.SetUID("")
	obj.SetGeneration(0)
	obj.SetCreationTimestamp(metav1.Time{})

	switch obj.(type) {
	case *v1beta1.InferenceService, *servingv1alpha1.InferenceGraph:
		// Their own rules are narrower.
	default:
		d.validateName(obj.GetName(), metadata.Child("name"))
	}
	if namespace := obj.GetNamespace(); namespace != "" && len(apivalidation.ValidateNamespaceName(namespace, false)) > 0 {
		d.add(finding{path: metadata.Child("namespace"), message: fmt.Sprintf("%q is not a namespace's name", namespace),
			remedy: "use at most 63 lower-case letters, digits and hyphens"})
	}
	d.validateTags(obj, metadata)
}

func (d *reading) validateName(name string, path *field.Path) {
	switch {
	case name == "":
		d.add(finding{path: path, message: "the object has no name", remedy: "add metadata.name"})
	case len(apivalidation.NameIsDNSSubdomain(name, false)) > 0:
		d.add(finding{path: path, message: fmt.Sprintf("%q is not a name that objects have", name),
			remedy: "use lower-case letters, digits, hyphens and dots, with a letter or digit at both ends"})
	}
}

func (d *reading) validateTags(obj Object, metadata *field.Path) {
	const form = "at most 63 letters, digits, hyphens, underscores and dots"
	for _, name := range slices.Sorted(maps.Keys(obj.GetLabels())) {
		at := metadata.Child("labels").Key(name)
		if len(content.IsLabelKey(name)) > 0 {
			d.add(finding{path: at, message: fmt.Sprintf("%q is not the name of a label", name), remedy: "use " + form + ", after an optional DNS name and a slash"})
		}
		if value := obj.GetLabels()[name]; len(content.IsLabelValue(value)) > 0 {
			d.add(finding{path: at, message: fmt.Sprintf("%q is not the value of a label", value), remedy: "use " + form + ", or make it an annotation"})
		}
	}
	size := 0
	for _, name := range slices.Sorted(maps.Keys(obj.GetAnnotations())) {
		size += len(name) + len(obj.GetAnnotations()[name])
		if len(content.IsLabelKey(strings.ToLower(name))) > 0 {
			d.add(finding{path: metadata.Child("annotations").Key(name), message: fmt.Sprintf("%q is not the name of an annotation", name),
				remedy: "use " + form + ", after an optional DNS name and a slash"})
		}
	}
	if size > apivalidation.TotalAnnotationSizeLimitB {
		d.add(finding{path: metadata.Child("annotations"), message: fmt.Sprintf("annotations of %d bytes, and at most %d are kept", size, apivalidation.TotalAnnotationSizeLimitB),
			remedy: "keep large data in a ConfigMap"})
	}
}

// refuseTwice reports an object that stands in the file already.
func (d *reading) refuseTwice(obj Object) {
	key := d.kind.Kind + " " + obj.GetNamespace() + "/" + obj.GetName()
	first, twice := d.seen[key]
	if twice {
		d.add(finding{line: d.root.line, message: fmt.Sprintf("the same object stands on line %d", first), remedy: "remove one of them, or give it another name"})
		return
	}
	d.seen[key] = d.root.line
}

// addErrors takes the errors of a validation. One that asks for a field is left out where an unknown field stands
// beside it: that field is what was meant.
func (d *reading) addErrors(errs field.ErrorList) {
	before := d.findings
	for _, err := range errs {
		if err.Type == field.ErrorTypeRequired && misspelt(before, err.Field) {
			continue
		}
		message, remedy := err.ErrorBody(), "correct it"
		if err.Type == field.ErrorTypeDuplicate {
			remedy = "it stands above already; use another"
		}
		if rule, what, cut := strings.Cut(err.Detail, "; "); cut {
			remedy = what
			message = strings.TrimSuffix(message, err.Detail) + rule
		}
		d.add(finding{line: d.root.at(segmentsOf(err.Field)), path: pathOf(err.Field), message: message, remedy: remedy})
	}
}

func misspelt(findings []finding, required string) bool {
	for _, f := range findings {
		if f.unknown && (strings.HasPrefix(f.path.String(), required+".") || parentText(f.path) == parentText(pathOf(required))) {
			return true
		}
	}
	return false
}

func parentText(path *field.Path) string { return parent(path).String() }

// pathOf wraps a path that is text already.
func pathOf(text string) *field.Path { return field.NewPath(text) }

// checkKeyPair refuses a certificate that no listener could serve, so that the last good one stays in force.
func (d *reading) checkKeyPair(s *corev1.Secret) {
	if s.Type != corev1.SecretTypeTLS {
		return
	}
	if _, err := keypair.Parse(s.Data[corev1.TLSCertKey], s.Data[corev1.TLSPrivateKeyKey]); err != nil {
		d.add(finding{path: field.NewPath("data"), message: fmt.Sprintf("a Secret of type %s has a certificate and its key, and here %v", s.Type, err),
			remedy: fmt.Sprintf("put the certificate into %s and its key into %s, in PEM", corev1.TLSCertKey, corev1.TLSPrivateKeyKey)})
	}
}

// foldStringData moves stringData into data, as the API server does.
func foldStringData(s *corev1.Secret) {
	if len(s.StringData) == 0 {
		return
	}
	if s.Data == nil {
		s.Data = make(map[string][]byte, len(s.StringData))
	}
	for name, value := range s.StringData {
		s.Data[name] = []byte(value)
	}
	s.StringData = nil
}
