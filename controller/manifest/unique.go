package manifest

import (
	"fmt"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	servingv1alpha1 "github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// itself stands for a list's plain values, which tell its entries apart where they have no fields.
const itself = ""

// entryKeys are the fields that tell a list's entries apart, where the schema makes the list a map or a set: an entry that stands twice is
// refused by the API server before anybody looks at it.
func entryKeys(owner reflect.Type, name string) []string {
	switch owner {
	case reflect.TypeFor[corev1.Container](), reflect.TypeFor[corev1.EphemeralContainerCommon]():
		return map[string][]string{"env": {"name"}, "ports": {"containerPort", "protocol"}, "volumeMounts": {"mountPath"}, "volumeDevices": {"devicePath"}}[name]
	case reflect.TypeFor[corev1.ResourceRequirements]():
		return map[string][]string{"claims": {"name"}}[name]
	case reflect.TypeFor[corev1.PodSpec]():
		return podKeys(name)
	case reflect.TypeFor[v1beta1.PodSpec](), reflect.TypeFor[servingv1alpha1.ServingRuntimePodSpec]():
		switch name {
		case "resourceClaims", "schedulingGates", "topologySpreadConstraints":
			return podKeys(name)
		}
	case reflect.TypeFor[gatewayv1.HTTPHeaderFilter]():
		return map[string][]string{"set": {"name"}, "add": {"name"}, "remove": {itself}}[name]
	case reflect.TypeFor[gatewayv1.HTTPRouteMatch]():
		return map[string][]string{"headers": {"name"}, "queryParams": {"name"}}[name]
	}
	return nil
}

func podKeys(name string) []string {
	switch name {
	case "containers", "initContainers", "ephemeralContainers", "volumes", "imagePullSecrets", "resourceClaims", "schedulingGates":
		return []string{"name"}
	case "hostAliases":
		return []string{"ip"}
	case "topologySpreadConstraints":
		return []string{"topologyKey", "whenUnsatisfiable"}
	}
	return nil
}

// checkUnique reports the entries of a list that stand in it already.
func (c *checker) checkUnique(n *node, keys []string, path *field.Path) {
	if n.kind != list || len(keys) == 0 {
		return
	}
	first := make(map[string]int, len(n.items))
	for i, item := range n.items {
		key, complete := entryKey(item, keys)
		if !complete {
			continue
		}
		line, twice := first[key]
		if !twice {
			first[key] = item.line
			continue
		}
		at, what := path.Index(i), "this entry"
		if last := keys[len(keys)-1]; len(keys) == 1 && last != itself {
			at, what = at.Child(last), fmt.Sprintf("%s %q", last, key)
		}
		c.add(item, at, fmt.Sprintf("%s stands in the list already, on line %d", what, line), "remove one of them")
	}
}

// entryKey joins the values of an entry's keys. One that leaves out all of them is not judged: the field that is missing is.
func entryKey(item *node, keys []string) (joined string, complete bool) {
	values := make([]string, len(keys))
	for i, key := range keys {
		value := item
		if key != itself {
			m := item.get(key)
			if m == nil && key == "protocol" {
				values[i] = string(corev1.ProtocolTCP)
				continue
			}
			if m == nil {
				return "", false
			}
			value = m.value
		}
		if value.kind == list || value.kind == object || value.kind == null {
			return "", false
		}
		values[i] = value.raw
	}
	return strings.Join(values, " "), true
}
