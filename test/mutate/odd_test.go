package mutate

import "strings"

var oddNumbers = []float64{-1 << 63, -1 << 31, -1, 0, 0.5, 1, 79, 80, 99, 100, 101, 199, 200, 204, 304, 443, 500, 599, 600, 8080, 9000, 65535, 65536,
	1_000_000, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1 << 53, 1 << 62, 1e19, 1e300}

// oddStrings are values at the bounds of some field, or beyond them, and the words by which objects name each other.
var oddStrings = []string{
	"", " ", "-", ".", "..", "*", "*.", "*.a", "*.*", "/", "//", "/.", "/a/../b", "/%2f", "/%zz", "/a?b", "/a#b", "/a b", "/ä", "a", "A", "a.b", "a_b", "a..b", "-a", "a-",
	"0", "1", "10.0.0.1", "::1", "fe80::1%eth0", "::ffff:10.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "localhost", "LOCALHOST", "localhost:80", "a.example.com",
	"\x00", "\x01", "\x7f", "\u0080", "\u200b", "\u202e", "\ufeff", "\ufffd", "\U0001f600", "ä.example.com", "xn--4ca.example.com", "İ", "ſ", "a\nb", "a\r\nb: c", "\t", "%", "%%", "%s", "%REQ(x)%", "%DURATION",
	`\`, `\0`, `\1`, `"`, "'", "`", "${HOME}", "$(X)", "$$(X)", "{{.Name}}", "{{", "{{range}}", "{{.Annotations.x}}", "{{.Labels.y}}",
	"(", ")", "[", "(?i)x", "(?P<n>a)", "(?=a)", `\pL`, `\pL{1000}`, `(?i)\pL{20}`, "a{1000}", "(a{30}){30}", "((a{10}){10}){10}", "(x+x+)+y", ".{1000}", ".*.*.*.*=.*", `\C`, `\Qa`, "a**", "[^a]{1000}", "[[:word:]]{500}",
	"a)|(b", "|", "^", "$", "^$", `\z`, `\b`, "(?s).", "(?U)a", "[\U00010000-\U0010ffff]{900}",
	strings.Repeat("a{1000}", 9), strings.Repeat("a{1000}", 16), strings.Repeat("[aeiou]{1000}", 4), strings.Repeat("(", 500) + strings.Repeat(")", 500), strings.Repeat("(a|", 200) + "b" + strings.Repeat(")", 200),
	strings.Repeat("[^/]{900}", 9), strings.Repeat(".{1000}", 3), "(?i)" + strings.Repeat("k{1000}", 9), strings.Repeat(`\w{900}`, 3),
	strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 253), strings.Repeat("a", 256), strings.Repeat("a", 257), "/" + strings.Repeat("a", 1023), "/" + strings.Repeat("a", 1024),
	strings.Repeat("%", 4096), strings.Repeat("a", 4097), strings.Repeat("a", 16385), strings.Repeat("ä", 9000), strings.Repeat("a", 70_000), strings.Repeat("a.", 126) + "a",
	"Exact", "Prefix", "PathPrefix", "RegularExpression", "ReplacePrefixMatch", "ReplaceFullPath", "RequestRedirect", "RequestMirror", "ExtensionRef", "URLRewrite", "RequestHeaderModifier", "ResponseHeaderModifier", "CORS",
	"Host", "host", ":path", ":authority", "content-length", "transfer-encoding", "connection", "x-sluice-scope", "X-Sluice-Scope", "KServe-Isvc-Name", "te", "GET", "get", "CONNECT",
	"0s", "1ms", "1h", "99999h", "99999h99999h99999h99999h", "0.5s", "-1s", "1e9s", "1m30s",
	"http", "https", "HTTP", "HTTPS", "TLS", "TCP", "UDP", "SCTP", "h2c", "h2c-port", "grpc", "kubernetes.io/h2c", "kubernetes.io/wss", "All", "Same", "Selector", "sluice", "kserve", "kserve-ingress-gateway", "default", "sluice-system",
	"gateway.networking.k8s.io", "sluice.dev", "DirectResponse", "Service", "Gateway", "InferenceService", "HTTPRoute", "GRPCRoute", "Secret", "ExternalName", "FQDN", "IPv6", "a.sluice.dev",
	"iris", "iris-predictor", "iris-canary", "digits", "models-by-name", "models-by-name-localhost", "unknown", "sluice-runtime", "onnx", "sklearn", "v1", "v2", "grpc-v2", "kserve-container", "RawDeployment", "Standard", "ModelMesh", "Serverless",
	"file://", "file:///", "file:///dev/zero", "file://../../x", "pvc://", "pvc://a", "pvc://a/../../b", "s3://a/b", "hf://a/b", "gs://", "://", "http://[", "oci://x", "storage.kserve.io/x",
	"AccessPolicy", "ConfigMap", "serving.kserve.io", "sluice.dev/api-key-secret", "sluice.dev/v1alpha1", "iris-keys", "alice", "jwks", "Bearer ", "authorization", "Authorization", "x-api-key", "cookie", "x-forwarded-for", "sub", "a.b.c",
	"https://issuer.example.com/jwks.json", "http://127.0.0.1/jwks.json", "https://u:p@[::1]:70000/a", `{"keys":[]}`, `{"keys":[{"kty":"oct","k":"YQ"}]}`, `{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","alg":"none"}]}`, `{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`, `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}`,
	"true", "false", "null", "~", "y", "1e3", "0x1f", "0o17", "1_000", ".inf", ".nan", "100%", "101%", "-1%", "500m", "1Ei", "1e-30", "9223372036854775808", "2026-01-31T12:00:00Z",
	"serving.kserve.io/canary", "serving.kserve.io/deploymentMode", "serving.kserve.io/stop", "serving.kserve.io/autoscalerClass", "networking.kserve.io/visibility", "cluster-local", "local.sluice.dev/kserve-container", "process",
}
