package standalone

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/sluice-serving/sluice/controller/engine"
)

// endpointSlices gives the EndpointSlices of a Service: one for each pod that it selects and that may take
// requests, since on one machine every replica has ports of its own. A Service without a selector has none
// here; its slices are the user's. leaving are pods that are being drained.
func endpointSlices(service *corev1.Service, pods []*engine.Pod, leaving func(podKey) bool) []*discoveryv1.EndpointSlice {
	if len(service.Spec.Selector) == 0 {
		return nil
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	var slices []*discoveryv1.EndpointSlice
	for _, pod := range pods {
		if pod.Namespace != service.Namespace || !selector.Matches(labels.Set(pod.Labels)) {
			continue
		}
		if !pod.Ready || pod.Terminating || leaving(podKey{pod.Namespace, pod.Name}) {
			continue
		}
		slices = append(slices, podSlice(service, pod))
	}
	return slices
}

func podSlice(service *corev1.Service, pod *engine.Pod) *discoveryv1.EndpointSlice {
	ready := true
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: service.Namespace,
			Name:      fmt.Sprintf("%s-%s", service.Name, pod.Name),
			Labels:    map[string]string{discoveryv1.LabelServiceName: service.Name},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses:  []string{pod.Address},
			Conditions: discoveryv1.EndpointConditions{Ready: &ready},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name},
		}},
	}
	for i := range service.Spec.Ports {
		port := &service.Spec.Ports[i]
		real, found := pod.Ports[targetPort(port)]
		if !found {
			continue
		}
		// An API server would have written the default into the Service.
		protocol := cmp.Or(port.Protocol, corev1.ProtocolTCP)
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &port.Name, Port: &real, Protocol: &protocol})
	}
	return slice
}

// targetPort is the container port that a Service's port leads to. The plan writes numbers; a name would
// need the container, and the translation then finds no port, which its route's status says.
func targetPort(port *corev1.ServicePort) int32 {
	if port.TargetPort.Type == intstr.Int && port.TargetPort.IntVal != 0 {
		return port.TargetPort.IntVal
	}
	return port.Port
}
