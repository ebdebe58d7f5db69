package plan

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/rollout"
)

const (
	// appProtocolH2C marks a Service port that speaks HTTP/2 in clear text.
	appProtocolH2C = "kubernetes.io/h2c"
	// servicePort is the first port of every Service.
	servicePort = 80
)

// services gives the Service of each revision that runs. The holder is also reached by the component's plain name, which
// a named predictor's Service doesn't have: callers keep their address, and a transformer its arguments, when a canary
// becomes the stable predictor under its own name.
func (s *scene) services(p part) []corev1.Service {
	var out []corev1.Service
	plain := s.name(p.kind)
	taken := false
	for _, carried := range p.decision.Carried {
		taken = taken || carried.Service == plain
		out = append(out, s.serviceOf(carried))
	}
	if h := holder(p); h != nil && !taken {
		follows := *h
		follows.Service = plain
		out = append(out, s.serviceOf(follows))
	}
	return out
}

func (s *scene) serviceOf(carried rollout.Carried) corev1.Service {
	template := stamp(carried.Revision)
	return corev1.Service{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{
			Name:            carried.Service,
			Namespace:       s.service.Namespace,
			Labels:          template.Labels,
			Annotations:     template.Annotations,
			OwnerReferences: s.owner(),
		},
		Spec: corev1.ServiceSpec{
			Selector: appLabel(carried.Revision.Deployment),
			Ports:    servicePorts(carried.Service, template.Spec),
		},
	}
}

// servicePorts opens the ports of the container that takes requests: a transformer in the pod, else the first. Its first
// port becomes 80, later ones keep their number.
func servicePorts(name string, pod corev1.PodSpec) []corev1.ServicePort {
	if len(pod.Containers) == 0 {
		return nil
	}
	target := pod.Containers[0]
	for _, c := range pod.Containers {
		if c.Name == v1beta1.ContainerTransformer {
			target = c
		}
	}
	if len(target.Ports) == 0 {
		return []corev1.ServicePort{{Name: name, Port: servicePort, TargetPort: intstr.FromInt32(firstPort(target)), Protocol: corev1.ProtocolTCP}}
	}
	var out []corev1.ServicePort
	for i, p := range target.Ports {
		port := corev1.ServicePort{
			Name:       p.Name,
			Port:       p.ContainerPort,
			TargetPort: intstr.FromInt32(p.ContainerPort),
			Protocol:   p.Protocol,
		}
		if i == 0 {
			port.Port = servicePort
		}
		if strings.Contains(p.Name, "grpc") || strings.Contains(p.Name, "h2c") {
			h2c := appProtocolH2C
			port.AppProtocol = &h2c
		}
		out = append(out, port)
	}
	return out
}
