// Command judge says what a Kubernetes API server makes of manifests by CustomResourceDefinitions: it decodes, prunes, defaults and validates by the
// server's own code, CEL rules included, and refuses unknown fields as strict field validation does. It is a module of its own, since that code
// brings much that nothing else here needs.
//
// Usage: judge CRDDIR < PATHS. For each path of standard input, a file with one document, it writes a line: the path, a tab, and nothing or what is wrong.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: judge CRDDIR < PATHS")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	kinds, err := load(dir)
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		data, err := os.ReadFile(lines.Text())
		if err != nil {
			return err
		}
		fmt.Printf("%s\t%s\n", lines.Text(), strings.ReplaceAll(verdict(kinds, data), "\n", " "))
	}
	return nil
}

// judged is one version of a kind.
type judged struct {
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
}

// load reads the definitions, and refuses those that a server would.
func load(dir string) (map[string]*judged, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	kinds := map[string]*judged{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var external v1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(data, &external); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		v1.SetDefaults_CustomResourceDefinition(&external)
		v1.SetDefaults_CustomResourceDefinitionSpec(&external.Spec)
		var internal apiextensions.CustomResourceDefinition
		if err := v1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&external, &internal, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		internal.Status.StoredVersions = []string{external.Spec.Versions[len(external.Spec.Versions)-1].Name}
		if errs := crdvalidation.ValidateCustomResourceDefinition(context.Background(), &internal); len(errs) > 0 {
			return nil, fmt.Errorf("%s: %w", file, errs.ToAggregate())
		}
		for _, version := range internal.Spec.Versions {
			one, err := newJudged(&internal, version.Name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			kinds[internal.Spec.Group+"/"+version.Name+" "+internal.Spec.Names.Kind] = one
		}
	}
	return kinds, nil
}

func newJudged(definition *apiextensions.CustomResourceDefinition, version string) (*judged, error) {
	schema, err := apiextensions.GetSchemaForVersion(definition, version)
	if err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(schema.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(schema.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	return &judged{structural, validator, cel.NewValidator(structural, true, celconfig.PerCallLimit)}, nil
}

func verdict(kinds map[string]*judged, data []byte) string {
	u := &unstructured.Unstructured{}
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err == nil {
		err = u.UnmarshalJSON(asJSON)
	}
	if err != nil {
		return err.Error()
	}
	kind, known := kinds[u.GetAPIVersion()+" "+u.GetKind()]
	if !known {
		return fmt.Sprintf("apiVersion: no %s of %s is served", u.GetKind(), u.GetAPIVersion())
	}
	var errs field.ErrorList
	if reasons := apivalidation.NameIsDNSSubdomain(u.GetName(), false); len(reasons) > 0 {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), u.GetName(), reasons[0]))
	}
	for _, path := range pruning.PruneWithOptions(u.Object, kind.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		errs = append(errs, field.Invalid(field.NewPath(path), nil, "unknown field"))
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(u.Object, kind.structural)
	defaulting.Default(u.Object, kind.structural)
	errs = append(errs, validation.ValidateCustomResource(nil, u.Object, kind.validator)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, kind.structural, u.Object)...)
	if len(errs) == 0 {
		more, _ := kind.rules.Validate(context.Background(), nil, kind.structural, u.Object, nil, celconfig.RuntimeCELCostBudget)
		errs = append(errs, more...)
	}
	if len(errs) == 0 {
		return ""
	}
	return errs.ToAggregate().Error()
}
