package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestRewriteArgs(t *testing.T) {
	t.Parallel()
	ports := portMap{8080: 21001, 9000: 21002}
	for _, c := range []struct{ in, want []string }{
		{[]string{"--http_port=8080"}, []string{"--http_port=21001"}},
		{[]string{"--http-port=8080", "--grpc-port=9000"}, []string{"--http-port=21001", "--grpc-port=21002"}},
		{[]string{"--port", "8080"}, []string{"--port", "21001"}},
		{[]string{"-port", "8080", "9000"}, []string{"-port", "21001", "9000"}},
		{[]string{"--port", `"8080"`}, []string{"--port", `"21001"`}},
		{[]string{"--restPort=8080"}, []string{"--restPort=21001"}},
		{[]string{"--rest_api_port=8080"}, []string{"--rest_api_port=21001"}},
		{[]string{"--HTTPPort", "8080"}, []string{"--HTTPPort", "21001"}},
		{[]string{":8080"}, []string{":21001"}},
		{[]string{"--bind=:8080"}, []string{"--bind=:21001"}},
		{[]string{"0.0.0.0:8080"}, []string{"0.0.0.0:21001"}},
		{[]string{"--listen=[::]:9000"}, []string{"--listen=[::]:21002"}},
		{[]string{"--listen=[::1]:9000"}, []string{"--listen=[::1]:21002"}},
		{[]string{"tcp://*:8080"}, []string{"tcp://*:21001"}},
		{[]string{"http://localhost:8080/v1"}, []string{"http://localhost:21001/v1"}},
		{[]string{"http://127.0.0.1:8080,http://127.0.0.1:9000"}, []string{"http://127.0.0.1:21001,http://127.0.0.1:21002"}},
		{[]string{"exec serve --port 8080 --grpc-port=9000 --batch 8080"}, []string{"exec serve --port 21001 --grpc-port=21002 --batch 8080"}},
		{[]string{"PORT=8080 exec serve"}, []string{"PORT=21001 exec serve"}},
		{[]string{`{"port": 8080, "batch": 8080}`}, []string{`{"port": 21001, "batch": 8080}`}},
		{[]string{`{"http_port":8080,"batch":8080}`}, []string{`{"http_port":21001,"batch":8080}`}},
		{[]string{"port: 8080\nbatch: 8080"}, []string{"port: 21001\nbatch: 8080"}},
		{[]string{"serve ':8080'"}, []string{"serve ':21001'"}},
		{[]string{"--ports=8080"}, []string{"--ports=21001"}},
		{[]string{"--port1=8080"}, []string{"--port1=21001"}},
	} {
		if diff := cmp.Diff(c.want, ports.rewriteArgs(c.in)); diff != "" {
			t.Errorf("rewriteArgs(%q) (-want +got):\n%s", c.in, diff)
		}
	}
}

func TestRewriteArgsLeavesWhatIsNoPort(t *testing.T) {
	t.Parallel()
	ports := portMap{8080: 21001}
	for _, args := range [][]string{
		{"8080"},
		{"--batch=8080"},
		{"--batch", "8080"},
		{"--port=80", "8080"},
		{"--port=18080"},
		{"--port=80801"},
		{"--port=8080ms"},
		{"8080ms"},
		{"18080"},
		{":18080"},
		{":80800"},
		{"--port=8080.5"},
		{"--ports=8080-8090"},
		{"--publish=8080:80"},
		{"http://iris-predictor.default:8080/v1"},
		{"redis:8080"},
		{"my.localhost:8080"},
		{"fe80::8080"},
		{"2001:db8::1:8080"},
		{"--import=8080"},
		{"--export=8080"},
		{"--report-every=8080"},
		{"--support", "8080"},
		{"--transport=8080"},
		{"port", "8080"},
		{"/data/8080/model"},
		{"v8080"},
		{"x=8080"},
		{"12:30:8080"},
	} {
		if diff := cmp.Diff(args, ports.rewriteArgs(args)); diff != "" {
			t.Errorf("rewriteArgs(%q) (-want +got):\n%s", args, diff)
		}
	}
}

func TestRewriteEnv(t *testing.T) {
	t.Parallel()
	ports := portMap{8080: 21001}
	for _, c := range []struct{ name, in, want string }{
		{"PORT", "8080", "21001"},
		{"SERVER_PORT", "8080", "21001"},
		{"uvicornPort", "8080", "21001"},
		{"PORT", "9999", "9999"},
		{"BATCH", "8080", "8080"},
		{"IMPORT_SIZE", "8080", "8080"},
		{"REPORT", "8080", "8080"},
		{"ADDRESS", "0.0.0.0:8080", "0.0.0.0:21001"},
		{"CMD_ARGS", "--bind 0.0.0.0:8080 --workers 8080", "--bind 0.0.0.0:21001 --workers 8080"},
	} {
		if got := ports.rewriteEnv(c.name, c.in); got != c.want {
			t.Errorf("rewriteEnv(%s, %q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestRewritingTwiceChangesNothingMore(t *testing.T) {
	t.Parallel()
	ports := portMap{8080: 21001, 9000: 21002}
	args := []string{"--port=8080", "--grpc-port", "9000", "localhost:8080"}
	once := ports.rewriteArgs(args)
	if diff := cmp.Diff(once, ports.rewriteArgs(once)); diff != "" {
		t.Errorf("(-once +twice):\n%s", diff)
	}
}

func FuzzRewriteArgs(f *testing.F) {
	f.Add("--port", "8080")
	f.Add("", `{"port":8080}`)
	f.Add("x", "[::]:8080")
	ports := portMap{8080: 21001}
	f.Fuzz(func(t *testing.T, a, b string) {
		out := ports.rewriteArgs([]string{a, b})
		for i, in := range []string{a, b} {
			if len(out[i]) < len(in) {
				t.Errorf("%q became %q: a port has grown shorter", in, out[i])
			}
		}
	})
}

func TestListenVariables(t *testing.T) {
	t.Parallel()
	ports := portMap{8080: 21001, 9000: 21002, 7000: 21003}
	port := func(name string, number int32) corev1.ContainerPort {
		return corev1.ContainerPort{Name: name, ContainerPort: number}
	}
	for _, c := range []struct {
		name   string
		served []corev1.ContainerPort
		want   map[string]string
	}{
		{"http and gRPC by name", []corev1.ContainerPort{port("h2c", 9000), port("http1", 8080)}, map[string]string{"PORT": "21001", "HTTP_PORT": "21001", "GRPC_PORT": "21002"}},
		{"gRPC alone", []corev1.ContainerPort{port("grpc", 7000)}, map[string]string{"PORT": "21003", "GRPC_PORT": "21003"}},
		{"by number", []corev1.ContainerPort{port("", 8080), port("", 9000)}, map[string]string{"PORT": "21001", "HTTP_PORT": "21001", "GRPC_PORT": "21002"}},
		{"none", nil, map[string]string{}},
	} {
		c.want["SLUICE_LISTEN_ADDRESS"] = "127.0.0.2"
		if diff := cmp.Diff(c.want, listenVariables("127.0.0.2", c.served, ports)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestPodWithoutPortsServesOn8080InItsFirstContainer(t *testing.T) {
	t.Parallel()
	spec := corev1.PodSpec{Containers: []corev1.Container{{Name: "main"}, {Name: "sidecar"}}}
	if diff := cmp.Diff([]int32{8080}, declaredPorts(&spec)); diff != "" {
		t.Error(diff)
	}
	if got := servedPorts(&spec.Containers[0], &spec); len(got) != 1 || got[0].ContainerPort != 8080 {
		t.Errorf("main serves %v", got)
	}
	if got := servedPorts(&spec.Containers[1], &spec); len(got) != 0 {
		t.Errorf("sidecar serves %v", got)
	}
	spec.Containers[1].Ports = []corev1.ContainerPort{{ContainerPort: 7000}, {ContainerPort: 53, Protocol: corev1.ProtocolUDP}}
	if got := servedPorts(&spec.Containers[0], &spec); len(got) != 0 {
		t.Errorf("main serves %v beside a sidecar that declares a port", got)
	}
}

func TestResolvePort(t *testing.T) {
	t.Parallel()
	c := &corev1.Container{Name: "c", Ports: []corev1.ContainerPort{{Name: "http1", ContainerPort: 8080}}}
	ports := portMap{8080: 21001}
	for _, test := range []struct {
		in   intstr.IntOrString
		want int32
	}{
		{intstr.FromInt32(8080), 21001}, {intstr.FromInt32(7), 7}, {intstr.FromString("http1"), 21001}, {intstr.FromString("8080"), 21001},
	} {
		if got, err := ports.resolvePort(test.in, c); err != nil || got != test.want {
			t.Errorf("resolvePort(%v) = %d, %v", test.in, got, err)
		}
	}
	if _, err := ports.resolvePort(intstr.FromString("metrics"), c); err == nil {
		t.Error("an unknown name is taken")
	}
}

func TestPortPoolGivesNoPortTwice(t *testing.T) {
	t.Parallel()
	pool := newPortPool()
	seen := map[int32]bool{}
	for range 50 {
		ports, err := pool.take([]int32{8080, 9000})
		if err != nil {
			t.Fatal(err)
		}
		for _, real := range ports {
			if seen[real] {
				t.Fatalf("port %d given twice", real)
			}
			seen[real] = true
		}
	}
}
