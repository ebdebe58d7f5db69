package engine

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// downward is what fieldRef and resourceFieldRef may name of a pod.
type downward struct {
	name, namespace, uid, address, node, serviceAccount string
	labels, annotations                                 map[string]string
	// cpus and memory (bytes) stand in for limits that a container does not set.
	cpus, memory int64
}

// field evaluates a fieldPath of the downward API. A label or annotation that is absent is the empty string.
func (d downward) field(path string) (string, error) {
	switch path {
	case "metadata.name":
		return d.name, nil
	case "metadata.namespace":
		return d.namespace, nil
	case "metadata.uid":
		return d.uid, nil
	case "spec.nodeName":
		return d.node, nil
	case "spec.serviceAccountName":
		return cmp.Or(d.serviceAccount, "default"), nil
	case "status.podIP", "status.podIPs", "status.hostIP", "status.hostIPs":
		return d.address, nil
	}
	for prefix, values := range map[string]map[string]string{"metadata.labels['": d.labels, "metadata.annotations['": d.annotations} {
		if key, ok := strings.CutPrefix(path, prefix); ok {
			if key, ok = strings.CutSuffix(key, "']"); ok {
				return values[key], nil
			}
		}
	}
	return "", fmt.Errorf("fieldPath %q is not known: use metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], "+
		"metadata.annotations['KEY'], spec.nodeName, spec.serviceAccountName or status.podIP", path)
}

// resource evaluates a resourceFieldRef, rounded up to whole divisors; what is not set is all that the machine has.
func (d downward) resource(ref *corev1.ResourceFieldSelector, c *corev1.Container) (string, error) {
	kind, name, _ := strings.Cut(ref.Resource, ".")
	lists := map[string]corev1.ResourceList{"limits": c.Resources.Limits, "requests": c.Resources.Requests}
	list, ok := lists[kind]
	if !ok {
		return "", fmt.Errorf("resource %q is not known: use limits.NAME or requests.NAME", ref.Resource)
	}
	quantity, ok := list[corev1.ResourceName(name)]
	if !ok && kind == "limits" {
		switch name {
		case "cpu":
			quantity = *resource.NewQuantity(d.cpus, resource.DecimalSI)
		case "memory":
			quantity = *resource.NewQuantity(d.memory, resource.BinarySI)
		}
	}
	divisor := ref.Divisor
	if divisor.IsZero() {
		divisor = resource.MustParse("1")
	}
	units := math.Ceil(quantity.AsApproximateFloat64() / divisor.AsApproximateFloat64())
	return strconv.FormatInt(int64(units), 10), nil
}

// machine fills the parts of downward that are this machine's.
func machine(d downward) downward {
	d.node, _ = os.Hostname()
	d.cpus = int64(runtime.NumCPU())
	d.memory = totalMemory()
	return d
}
