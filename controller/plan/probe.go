package plan

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// defaultProbe gives a server without a readiness probe the one that KServe gives it.
func defaultProbe(c *corev1.Container) {
	serves := c.Name == v1beta1.ContainerServing || c.Name == v1beta1.ContainerTransformer
	if !serves || c.ReadinessProbe != nil {
		return
	}
	c.ReadinessProbe = &corev1.Probe{
		ProbeHandler:     corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(firstPort(*c))}},
		TimeoutSeconds:   1,
		PeriodSeconds:    10,
		SuccessThreshold: 1,
		FailureThreshold: 3,
	}
}

// pointProbes aims a model's HTTP probes that name no port at the container's first one: whoever writes a model knows its
// paths, and the runtime knows its ports.
func pointProbes(c *corev1.Container) {
	for _, p := range []**corev1.Probe{&c.LivenessProbe, &c.ReadinessProbe, &c.StartupProbe} {
		if *p == nil || (*p).HTTPGet == nil || (*p).HTTPGet.Port.String() != "0" && (*p).HTTPGet.Port.String() != "" {
			continue
		}
		*p = (*p).DeepCopy()
		(*p).HTTPGet.Port = intstr.FromInt32(firstPort(*c))
	}
}

// firstPort is what a container listens on, 8080 if it doesn't say.
func firstPort(c corev1.Container) int32 {
	if len(c.Ports) > 0 && c.Ports[0].ContainerPort != 0 {
		return c.Ports[0].ContainerPort
	}
	return 8080
}
