package credentials

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func objects(secrets ...*corev1.Secret) Objects {
	o := Objects{ServiceAccounts: map[string]*corev1.ServiceAccount{}, Secrets: map[string]*corev1.Secret{}}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "sa"}}
	for _, secret := range secrets {
		o.Secrets[secret.Name] = secret
		account.Secrets = append(account.Secrets, corev1.ObjectReference{Name: secret.Name})
	}
	o.ServiceAccounts["sa"] = account
	return o
}

func secret(name string, annotations map[string]string, entries ...string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotations}, Data: map[string][]byte{}}
	for _, key := range entries {
		s.Data[key] = []byte("swordfish")
	}
	return s
}

func TestOf(t *testing.T) {
	t.Parallel()
	https := secret("web", nil, "headers")
	https.Data["https-host"] = []byte("models.example.com")
	cases := map[string]struct {
		secret *corev1.Secret
		want   map[string]string
	}{
		"s3": {secret("s3", map[string]string{
			annotation + "s3-endpoint": "minio:9000", annotation + "s3-usehttps": "0", annotation + "s3-region": "eu-west-1",
			annotation + "s3-verifyssl": "0", annotation + "s3-usevirtualbucket": "true", annotation + "s3-cabundle-configmap": "ca",
		}, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), map[string]string{
			"AWS_ACCESS_KEY_ID": "s3/AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY": "s3/AWS_SECRET_ACCESS_KEY", "S3_ENDPOINT": "minio:9000",
			"AWS_ENDPOINT_URL": "http://minio:9000", "S3_USE_HTTPS": "0", "AWS_DEFAULT_REGION": "eu-west-1", "S3_VERIFY_SSL": "0",
			"S3_USER_VIRTUAL_BUCKET": "true", "AWS_CA_BUNDLE": "/etc/ssl/custom-certs/cabundle.crt", "volume cabundle-cert": "/etc/ssl/custom-certs",
		}},
		"s3 anonymous": {secret("s3", map[string]string{annotation + "s3-useanoncredential": "true"}), map[string]string{"awsAnonymousCredential": "true"}},
		"gcs": {secret("g", nil, googleFile), map[string]string{
			"GOOGLE_APPLICATION_CREDENTIALS": "/var/secrets/" + googleFile, "volume user-gcp-sa": "/var/secrets",
		}},
		"azure": {secret("az", nil, "AZURE_CLIENT_ID", "AZ_TENANT_ID", "AZ_CLIENT_SECRET"), map[string]string{
			"AZ_CLIENT_ID": "az/AZURE_CLIENT_ID", "AZ_TENANT_ID": "az/AZ_TENANT_ID", "AZ_CLIENT_SECRET": "az/AZ_CLIENT_SECRET",
		}},
		"azure key": {secret("az", nil, "AZURE_STORAGE_ACCESS_KEY"), map[string]string{"AZURE_STORAGE_ACCESS_KEY": "az/AZURE_STORAGE_ACCESS_KEY"}},
		"hub":       {secret("hf", nil, "HF_TOKEN"), map[string]string{"HF_TOKEN": "hf/HF_TOKEN"}},
		"https":     {https, map[string]string{"models.example.com-headers": "web/headers"}},
		"another":   {secret("x", nil, "password"), map[string]string{}},
	}
	for name, c := range cases {
		got := Of("sa", objects(c.secret))
		text, err := yaml.Marshal(got)
		if err != nil || strings.Contains(string(text), "swordfish") {
			t.Errorf("%s: %v, or a value is in %s", name, err, text)
		}
		if diff := cmp.Diff(c.want, flat(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	missing := objects()
	missing.ServiceAccounts["sa"].Secrets = []corev1.ObjectReference{{Name: "none"}}
	if got := Of("sa", missing); !cmp.Equal(got.Missing, []string{"none"}) {
		t.Errorf("got %+v", got)
	}
	if got := Of("", objects(secret("hf", nil, "HF_TOKEN"))); len(got.Variables) > 0 {
		t.Errorf("another account's Secret was used: %+v", got)
	}
}

func flat(e Environment) map[string]string {
	out := map[string]string{}
	for _, v := range e.Variables {
		out[v.Name] = v.Value
		if v.ValueFrom != nil {
			out[v.Name] = v.ValueFrom.SecretKeyRef.Name + "/" + v.ValueFrom.SecretKeyRef.Key
		}
	}
	for _, m := range e.Mounts {
		out["volume "+m.Name] = m.MountPath
	}
	return out
}

func TestOfSpec(t *testing.T) {
	t.Parallel()
	config := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: StorageSecret}, StringData: map[string]string{
		"minio": `{"type": "s3", "bucket": "models", "secret_access_key": "swordfish"}`, "bare": `{"type": "s3"}`,
		"default": `{"type": "gs", "bucket": "mine"}`, "broken": `swordfish`, "hdfs": `{"type": "hdfs"}`,
	}}
	cases := map[string]struct {
		spec         Spec
		uri, refusal string
	}{
		"by key":           {Spec{Key: "minio", Path: "a/b"}, "s3://models/a/b", ""},
		"default":          {Spec{Path: "/a"}, "gs://mine/a", ""},
		"bucket given":     {Spec{Key: "bare", Path: "a", Parameters: map[string]string{"bucket": "other"}}, "s3://other/a", ""},
		"no bucket":        {Spec{Key: "bare", Path: "a"}, "", "names no bucket"},
		"no entry":         {Spec{Key: "none"}, "", `no entry "none"`},
		"no JSON":          {Spec{Key: "broken"}, "", "no JSON object"},
		"type of no store": {Spec{Key: "hdfs"}, "", `type "hdfs"`},
	}
	for name, c := range cases {
		uri, e, err := OfSpec(c.spec, objects(config))
		if c.refusal != "" {
			if err == nil || !strings.Contains(err.Error(), c.refusal) || strings.Contains(err.Error(), "swordfish") {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		if err != nil || uri != c.uri || len(e.Variables) == 0 {
			t.Errorf("%s: got %q, %+v, %v", name, uri, e, err)
		}
	}
}
