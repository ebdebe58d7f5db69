package standalone

import (
	"reflect"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/manifest"
)

// objectKey identifies an object among all that the directories hold.
type objectKey struct {
	kind, namespace, name string
}

func (k objectKey) String() string {
	if k.namespace == "" {
		return k.kind + " " + k.name
	}
	return k.kind + " " + k.namespace + "/" + k.name
}

func keyOfObject(object manifest.Object) objectKey {
	return objectKey{kindOf(object), object.GetNamespace(), object.GetName()}
}

// kindOf is the object's kind: as it stands in its manifest, else the name of its Go type.
func kindOf(object manifest.Object) string {
	if kind := object.GetObjectKind().GroupVersionKind().Kind; kind != "" {
		return kind
	}
	return reflect.TypeOf(object).Elem().Name()
}

// serviceKey is the key of a service's manifest.
func serviceKey(s *service) objectKey {
	return objectKey{v1beta1.KindInferenceService, s.name.Namespace, s.name.Name}
}
