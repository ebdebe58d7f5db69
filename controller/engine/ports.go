package engine

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// defaultPort is the port of a pod that declares none.
const defaultPort = 8080

// portMap gives for each declared container port the real one.
type portMap map[int32]int32

// declaredPorts are the TCP ports of a pod's containers, sorted, each once; 8080 if there are none.
func declaredPorts(spec *corev1.PodSpec) []int32 {
	set := map[int32]bool{}
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		for _, p := range tcpPorts(&c) {
			set[p.ContainerPort] = true
		}
	}
	if len(set) == 0 {
		return []int32{defaultPort}
	}
	return slices.Sorted(maps.Keys(set))
}

func tcpPorts(c *corev1.Container) []corev1.ContainerPort {
	var out []corev1.ContainerPort
	for _, p := range c.Ports {
		if p.Protocol == "" || p.Protocol == corev1.ProtocolTCP {
			out = append(out, p)
		}
	}
	return out
}

// servedPorts are the TCP ports that a container is to listen on: those it declares, or 8080 for the first container of a
// pod that declares none at all.
func servedPorts(c *corev1.Container, spec *corev1.PodSpec) []corev1.ContainerPort {
	declared := tcpPorts(c)
	if len(declared) > 0 || c.Name != spec.Containers[0].Name {
		return declared
	}
	for _, other := range slices.Concat(spec.InitContainers, spec.Containers) {
		if len(tcpPorts(&other)) > 0 {
			return nil
		}
	}
	return []corev1.ContainerPort{{ContainerPort: defaultPort}}
}

// VariableListenAddress tells a process at which address to listen, which is where the pod is reached. Without it a server
// would listen at every address of this machine, and anybody on its network could go round the Gateway.
const VariableListenAddress = "SLUICE_LISTEN_ADDRESS"

// listenVariables say where one container should listen: SLUICE_LISTEN_ADDRESS, and PORT, HTTP_PORT and GRPC_PORT for its
// real ports. PORT is the first that is not for gRPC, or else the first. served are the container's own ports, see servedPorts.
func listenVariables(address string, served []corev1.ContainerPort, ports portMap) map[string]string {
	out := map[string]string{VariableListenAddress: address}
	for _, p := range served {
		name := "HTTP_PORT"
		if servesGRPC(p) {
			name = "GRPC_PORT"
		}
		if _, taken := out[name]; !taken {
			out[name] = strconv.Itoa(int(ports[p.ContainerPort]))
		}
	}
	if port := cmp.Or(out["HTTP_PORT"], out["GRPC_PORT"]); port != "" {
		out["PORT"] = port
	}
	return out
}

// servesGRPC tells by the name, or for an unnamed port by the number that KServe's and Triton's servers use for gRPC.
func servesGRPC(p corev1.ContainerPort) bool {
	if p.Name != "" {
		return strings.HasPrefix(p.Name, "grpc") || strings.HasPrefix(p.Name, "h2c") || strings.HasPrefix(p.Name, "http2")
	}
	return slices.Contains([]int32{8001, 8033, 8081, 9000, 50051}, p.ContainerPort)
}

// resolvePort gives the real port that a probe's port, a number or a name, stands for.
func (m portMap) resolvePort(port intstr.IntOrString, c *corev1.Container) (int32, error) {
	if port.Type == intstr.Int {
		return cmp.Or(m[port.IntVal], port.IntVal), nil
	}
	for _, p := range c.Ports {
		if p.Name == port.StrVal {
			return m[p.ContainerPort], nil
		}
	}
	if number, err := strconv.ParseInt(port.StrVal, 10, 32); err == nil {
		return cmp.Or(m[int32(number)], int32(number)), nil
	}
	return 0, configError("container %s: a probe names port %q, which the container does not declare", c.Name, port.StrVal)
}

// rewriteEnv gives an environment value with declared ports replaced: the whole value where the name says that it is a
// port, otherwise wherever a port stands in it.
func (m portMap) rewriteEnv(name, value string) string {
	if namesPort(name) {
		if number, err := strconv.ParseInt(value, 10, 32); err == nil && m[int32(number)] != 0 {
			return strconv.Itoa(int(m[int32(number)]))
		}
	}
	return m.rewriteText(value, "")
}

// rewriteArgs gives a command line with declared ports replaced wherever they stand as a port: --http-port=8080, a flag that
// names a port and then the number, :8080, and localhost:8080 (or another name of this machine, but not another host's).
// It looks into each argument too, so that a shell's script is treated alike. Any other 8080 stays.
func (m portMap) rewriteArgs(args []string) []string {
	out := make([]string, len(args))
	before := ""
	for i, arg := range args {
		out[i] = m.rewriteText(arg, before)
		before = arg
	}
	return out
}

// rewriteText replaces the ports in one argument; before is the argument that precedes it.
func (m portMap) rewriteText(s, before string) string {
	var out strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) || i > 0 && isDigit(s[i-1]) {
			continue
		}
		j := i
		for j < len(s) && isDigit(s[j]) {
			j++
		}
		number, err := strconv.ParseInt(s[i:j], 10, 32)
		real := m[int32(number)]
		if err != nil || real == 0 || s[i] == '0' || !endsNumber(s[j:]) || !portContext(s[:i], before) {
			continue
		}
		out.WriteString(s[done:i])
		out.WriteString(strconv.Itoa(int(real)))
		done = j
	}
	out.WriteString(s[done:])
	return out.String()
}

// endsNumber says whether a number that is followed by rest is whole: not 8080ms, 8080.5, 8080-8090 or 8080:80.
func endsNumber(rest string) bool {
	if rest == "" {
		return true
	}
	switch c := rest[0]; {
	case isNameByte(c), c == '-', c == ':':
		return false
	case c == '.':
		return len(rest) == 1 || !isNameByte(rest[1])
	}
	return true
}

// portContext says whether what stands before a number makes it a port.
func portContext(head, before string) bool {
	if head == "" {
		return flagNamesPort(before)
	}
	switch last := head[len(head)-1]; last {
	case ':':
		return hostContext(head[:len(head)-1])
	case '=':
		return namesPort(trailing(head[:len(head)-1], isFlagByte))
	case ' ', '\t', '\n', '"', '\'':
		fields := strings.Fields(strings.TrimRight(head, " \t\n\"'"))
		if len(fields) == 0 {
			return flagNamesPort(before)
		}
		word := fields[len(fields)-1]
		if assigned, ok := strings.CutSuffix(word, "="); ok { // NAME="8080"
			return namesPort(trailing(assigned, isFlagByte))
		}
		if key, ok := strings.CutSuffix(word, ":"); ok { // "port": 8080
			return namesPort(trailing(strings.TrimRight(key, `"'`), isFlagByte))
		}
		return flagNamesPort(word)
	}
	return false
}

// hostContext says whether head, which stands before ":PORT", ends in an address of this machine: nothing, localhost,
// 127.x.y.z, an unspecified address or "*". It also takes the key of "port":8080.
func hostContext(head string) bool {
	if key := strings.TrimRight(head, `"'`); key != head && key != "" && isNameByte(key[len(key)-1]) {
		return namesPort(trailing(key, isFlagByte))
	}
	if strings.HasSuffix(head, "]") {
		return strings.HasSuffix(head, "[::]") || strings.HasSuffix(head, "[::1]")
	}
	host := trailing(head, func(c byte) bool { return isNameByte(c) || c == '.' || c == '-' || c == '*' })
	switch host {
	case "":
		return head == "" || strings.IndexByte(" \t\n=,('\"/", head[len(head)-1]) >= 0
	case "localhost", "0.0.0.0", "*":
	default:
		if !strings.HasPrefix(host, "127.") {
			return false
		}
	}
	return !strings.HasSuffix(strings.TrimSuffix(head, host), ":") // the tail of an IPv6 address
}

// flagNamesPort is for "--port" whose value is the next word; "--port=1" has its value already.
func flagNamesPort(word string) bool {
	return strings.HasPrefix(word, "-") && !strings.Contains(word, "=") && namesPort(word)
}

// namesPort says whether a flag, variable or key is named for a port: one of its words ends in "port" and is no other word.
func namesPort(name string) bool {
	for _, word := range nameWords(name) {
		word = strings.TrimSuffix(strings.TrimRight(strings.ToLower(word), "0123456789"), "s")
		if strings.HasSuffix(word, "port") && !slices.Contains([]string{"export", "import", "passport", "report", "support", "transport", "viewport"}, word) {
			return true
		}
	}
	return false
}

// nameWords splits at everything that is no letter or digit, and where a capital follows a small letter.
func nameWords(name string) []string {
	var split strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c >= 'A' && c <= 'Z' && i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z' {
			split.WriteByte(' ')
		}
		if !isNameByte(c) || c == '_' {
			c = ' '
		}
		split.WriteByte(c)
	}
	return strings.Fields(split.String())
}

// trailing is the longest end of s whose bytes all satisfy keep.
func trailing(s string, keep func(byte) bool) string {
	i := len(s)
	for i > 0 && keep(s[i-1]) {
		i--
	}
	return s[i:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameByte(c byte) bool {
	return isDigit(c) || c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isFlagByte(c byte) bool { return isNameByte(c) || c == '-' || c == '.' }

// firstPort is the first port that a container declares, or the one of a pod that declares none.
func firstPort(c *corev1.Container) int32 {
	if declared := tcpPorts(c); len(declared) > 0 {
		return declared[0].ContainerPort
	}
	return defaultPort
}
