package standalone

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/sluice-serving/sluice/controller/engine"
)

func TestEndpointSlicesListReadyPodsByTheirRealPorts(t *testing.T) {
	t.Parallel()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "m-predictor"},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": "isvc.m-predictor"},
			Ports: []corev1.ServicePort{
				{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080)},
				{Name: "grpc", Port: 9000, TargetPort: intstr.FromInt32(9000)},
			},
		},
	}
	pod := func(name string, change func(*engine.Pod)) *engine.Pod {
		p := &engine.Pod{
			Namespace: "default", Name: name, Labels: map[string]string{"app": "isvc.m-predictor"}, Ready: true,
			Address: "127.0.0.1", Ports: map[int32]int32{8080: 41000, 9000: 41001},
		}
		if change != nil {
			change(p)
		}
		return p
	}
	pods := []*engine.Pod{
		pod("ready", nil),
		pod("starting", func(p *engine.Pod) { p.Ready = false }),
		pod("ending", func(p *engine.Pod) { p.Terminating = true }),
		pod("leaving", nil),
		pod("other", func(p *engine.Pod) { p.Labels = map[string]string{"app": "isvc.other"} }),
		pod("elsewhere", func(p *engine.Pod) { p.Namespace = "team" }),
	}
	slices := endpointSlices(service, pods, func(key podKey) bool { return key.name == "leaving" })
	if len(slices) != 1 || slices[0].Name != "m-predictor-ready" {
		t.Fatalf("slices: %v, want one for the ready pod", slices)
	}
	for i, want := range []struct {
		name string
		port int32
	}{{"http", 41000}, {"grpc", 41001}} {
		if port := slices[0].Ports[i]; *port.Name != want.name || *port.Port != want.port {
			t.Errorf("port %d is %s %d, want %s %d", i, *port.Name, *port.Port, want.name, want.port)
		}
		if protocol := *slices[0].Ports[i].Protocol; protocol != corev1.ProtocolTCP {
			t.Errorf("port %d, of which the Service names no protocol, has %q", i, protocol)
		}
	}
}

func TestServiceWithoutSelectorHasNoSlicesOfOurs(t *testing.T) {
	t.Parallel()
	pods := []*engine.Pod{{Namespace: "default", Name: "p", Ready: true}}
	if slices := endpointSlices(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default"}}, pods, func(podKey) bool { return false }); slices != nil {
		t.Errorf("slices: %v", slices)
	}
}
