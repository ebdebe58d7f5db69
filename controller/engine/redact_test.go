package engine

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestRedactorHidesValuesWholeAndByLine(t *testing.T) {
	t.Parallel()
	pem := "-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0B\nAQ==\n-----END KEY-----\n"
	ini := "[default]\r\naws_secret_access_key = abc/def+ghi\r\nregion = eu\r\n"
	json := "{\n  \"token\": \"hush-hush-hush\",\n  \"a\": 1\n}"
	hide := newRedactor([]string{"abc", "word\n", "password", pem, ini, json}).hide
	for text, want := range map[string]string{
		"abc is too short to hide":                 "abc is too short to hide",
		"the end of a line is no part of word.":    "the end of a line is no part of [redacted].",
		"password holds word":                      "[redacted] holds [redacted]",
		"bad key: MIIBVgIBADANBgkqhkiG9w0B, AQ==":  "bad key: [redacted], AQ==",
		"all of it: " + pem:                        "all of it: [redacted]",
		"key abc/def+ghi of region eu in default":  "key [redacted] of region eu in default",
		"line 2: aws_secret_access_key = abc/def+": "line 2: aws_secret_access_key = abc/def+",
		"hush-hush-hush {":                         "[redacted] {",
	} {
		if got := hide(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A probe's answer is shown cut off; what it is cut in may be a Secret.
func TestCutAnswerHoldsNoHalfSecret(t *testing.T) {
	t.Parallel()
	answer := strings.Repeat("x", shownBytes-5) + "hush-hush-hush"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, answer, http.StatusTeapot) }))
	defer server.Close()
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	hide := newRedactor([]string{"hush-hush-hush"}).hide
	for name, err := range map[string]error{
		"exec": executeIn([]string{"ANSWER=" + answer}, "/usr/bin:/bin", "/", hide)(t.Context(), []string{"sh", "-c", `echo "$ANSWER"; exit 1`}),
		"http": getOnce(t.Context(), target, http.Header{}, hide),
	} {
		if err == nil || strings.Contains(err.Error(), "hush") || !strings.HasSuffix(err.Error(), "xxx[reda") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// withSecret gives the first container a Secret's key as the variable TOKEN and another as the file /etc/key/tls.key.
func withSecret(d *appsv1.Deployment) {
	s := &d.Spec.Template.Spec
	s.Containers[0].Env = append(s.Containers[0].Env, corev1.EnvVar{Name: "TOKEN", ValueFrom: secretRef("s", "token", nil)})
	s.Volumes = append(s.Volumes, corev1.Volume{Name: "key", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s"}}})
	s.Containers[0].VolumeMounts = append(s.Containers[0].VolumeMounts, corev1.VolumeMount{Name: "key", MountPath: "/etc/key"})
}

func secretReferences() References {
	return References{Secrets: map[string]*corev1.Secret{"s": {Data: map[string][]byte{
		"token": []byte("hush-argument"), "tls.key": []byte("-----BEGIN KEY-----\nhush/first/line\nhush/second/line\n-----END KEY-----\n"),
	}}}}
}

// Whatever says why a container is not ready, be it a probe, a hook, its log or the start itself, shows no Secret: it goes into
// statuses, answers of 503 and logs.
func TestNoMessageHoldsASecret(t *testing.T) {
	t.Parallel()
	const tell = `echo "login with $TOKEN failed"; exit 1`
	const tellFile = `echo "failed to parse $(sed -n 2p $KEY)"; exit 1`
	once := func(script string) *corev1.Probe {
		p := execProbe("sh", "-c", script)
		p.FailureThreshold = 1
		return p
	}
	for name, c := range map[string]struct {
		script string
		change func(*corev1.Container)
		want   string
	}{
		"startup":       {"exec sleep 3600", func(c *corev1.Container) { c.StartupProbe = once(tell) }, "startup probe failed 1 times: exec sh: exit status 1: login with [redacted] failed"},
		"startup, yet":  {"exec sleep 3600", func(c *corev1.Container) { c.StartupProbe = execProbe("sh", "-c", tell) }, "startup probe: exec sh: exit status 1: login with [redacted] failed"},
		"readiness":     {"exec sleep 3600", func(c *corev1.Container) { c.ReadinessProbe = once(tell) }, "readiness probe: exec sh: exit status 1: login with [redacted] failed"},
		"liveness":      {"exec sleep 3600", func(c *corev1.Container) { c.LivenessProbe = once(tell) }, "liveness probe failed 1 times: exec sh: exit status 1: login with [redacted] failed"},
		"liveness file": {"exec sleep 3600", func(c *corev1.Container) { c.LivenessProbe = once(tellFile) }, "failed to parse [redacted]"},
		"postStart": {"exec sleep 3600", func(c *corev1.Container) {
			c.Lifecycle = &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", tell}}}}
		}, "postStart hook failed: exec sh: exit status 1: login with [redacted] failed"},
		"log":      {tell, func(*corev1.Container) {}, "the log says: login with [redacted] failed"},
		"log file": {tellFile, func(*corev1.Container) {}, "the log says: failed to parse [redacted]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			r.Apply(shell("m", c.script, withSecret, env("KEY", "/etc/key/tls.key"), func(d *appsv1.Deployment) { c.change(&d.Spec.Template.Spec.Containers[0]) }), secretReferences())
			r.first("the failure", func(s ContainerState) bool {
				if strings.Contains(s.Message, "hush") {
					t.Fatalf("the message holds a Secret: %s", s.Message)
				}
				return strings.Contains(s.Message, c.want)
			})
		})
	}
}

// A log that is read from its middle on begins with no half of a Secret.
func TestLogEndBeginsWithAWholeLine(t *testing.T) {
	t.Parallel()
	name := write(t, "failed: hush-hush-hush\n"+strings.Repeat("y", 16<<10-6)+"\n", t.TempDir(), "log")
	if got := string(logEnd(name, 0)); strings.Contains(got, "hush") || !strings.HasSuffix(got, "yy\n") {
		t.Errorf("%.20q…", got)
	}
}
