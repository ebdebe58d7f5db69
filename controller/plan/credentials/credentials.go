// Package credentials says with which environment a model is fetched: what KServe makes of the Secrets of a pod's service
// account. It is pure, and what it gives refers to Secrets and holds none of their values.
package credentials

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Objects are those of a service's namespace that credentials come from, by name.
type Objects struct {
	ServiceAccounts map[string]*corev1.ServiceAccount
	Secrets         map[string]*corev1.Secret
}

// Environment is what the container that fetches is given.
type Environment struct {
	Variables []corev1.EnvVar
	Volumes   []corev1.Volume
	Mounts    []corev1.VolumeMount
	// Missing are Secrets that the service account names and that are not there.
	Missing []string
}

// annotation begins the annotations of a Secret or service account that tell about its store.
const annotation = "serving.kserve.io/"

// DefaultAccount is the service account of a pod that names none.
const DefaultAccount = "default"

// Of gives the environment of a service account. One that isn't there has none.
func Of(account string, from Objects) Environment {
	var e Environment
	object, found := from.ServiceAccounts[cmp.Or(account, DefaultAccount)]
	if !found {
		return e
	}
	e.s3Settings(object.Annotations)
	for _, ref := range object.Secrets {
		secret, found := from.Secrets[ref.Name]
		if !found {
			e.Missing = append(e.Missing, ref.Name)
			continue
		}
		e.secret(secret)
	}
	return e
}

// secret takes what a Secret holds, by the names of its entries.
func (e *Environment) secret(secret *corev1.Secret) {
	has := func(key string) bool {
		_, inData := secret.Data[key]
		_, inText := secret.StringData[key]
		return inData || inText
	}
	switch {
	case has("AWS_ACCESS_KEY_ID") || has("awsAccessKeyID"):
		e.refer("AWS_ACCESS_KEY_ID", secret.Name, first(has, "AWS_ACCESS_KEY_ID", "awsAccessKeyID"))
		e.refer("AWS_SECRET_ACCESS_KEY", secret.Name, first(has, "AWS_SECRET_ACCESS_KEY", "awsSecretAccessKey"))
		if has("AWS_SESSION_TOKEN") {
			e.refer("AWS_SESSION_TOKEN", secret.Name, "AWS_SESSION_TOKEN")
		}
		e.s3Settings(secret.Annotations)
	case has(googleFile):
		e.google(secret.Name)
	case has("https-host"):
		if host := text(secret, "https-host"); host != "" {
			e.refer(host+"-headers", secret.Name, "headers")
		}
	case has("AZ_CLIENT_ID") || has("AZURE_CLIENT_ID"):
		for _, name := range []string{"SUBSCRIPTION_ID", "TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"} {
			if key := first(has, "AZ_"+name, "AZURE_"+name); has(key) {
				e.refer("AZ_"+name, secret.Name, key)
			}
		}
	case hasAny(secret.Annotations):
		e.s3Settings(secret.Annotations)
	}
	for _, key := range []string{"AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CONNECTION_STRING", "HF_TOKEN"} {
		if has(key) {
			e.refer(key, secret.Name, key)
		}
	}
}

// first is the first of the keys that is there, or the first of all.
func first(has func(string) bool, keys ...string) string {
	for _, key := range keys {
		if has(key) {
			return key
		}
	}
	return keys[0]
}

func hasAny(annotations map[string]string) bool {
	for key := range annotations {
		if strings.HasPrefix(key, annotation+"s3-") {
			return true
		}
	}
	return false
}

func text(secret *corev1.Secret, key string) string {
	if value, ok := secret.StringData[key]; ok {
		return value
	}
	return string(secret.Data[key])
}

// s3Settings reads the annotations that say where the S3 store is and how it is spoken to.
func (e *Environment) s3Settings(annotations map[string]string) {
	get := func(name string) string { return annotations[annotation+name] }
	if endpoint := get("s3-endpoint"); endpoint != "" {
		scheme := "https://"
		if useHTTPS := get("s3-usehttps"); useHTTPS != "" {
			e.set("S3_USE_HTTPS", useHTTPS)
			if useHTTPS == "0" || strings.EqualFold(useHTTPS, "false") {
				scheme = "http://"
			}
		}
		e.set("S3_ENDPOINT", endpoint)
		e.set("AWS_ENDPOINT_URL", scheme+endpoint)
	}
	for name, variable := range map[string]string{
		"s3-region": "AWS_DEFAULT_REGION", "s3-verifyssl": "S3_VERIFY_SSL", "s3-usevirtualbucket": "S3_USER_VIRTUAL_BUCKET",
		"s3-useanoncredential": "awsAnonymousCredential", "s3-cabundle": "AWS_CA_BUNDLE",
	} {
		if value := get(name); value != "" {
			e.set(variable, value)
		}
	}
	if bundle := get("s3-cabundle-configmap"); bundle != "" {
		e.volume("cabundle-cert", bundleFolder, corev1.VolumeSource{
			ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: bundle}},
		})
		e.set("AWS_CA_BUNDLE", cmp.Or(get("s3-cabundle"), bundleFolder+"/cabundle.crt"))
	}
}

const (
	// bundleFolder is where a ConfigMap with certificate authorities is mounted.
	bundleFolder = "/etc/ssl/custom-certs"
	// googleFile is the entry of a Secret with a Google service account's key, and googleFolder where it is mounted.
	googleFile   = "gcloud-application-credentials.json"
	googleFolder = "/var/secrets"
)

func (e *Environment) google(secret string) {
	e.volume("user-gcp-sa", googleFolder, corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: secret}})
	e.set("GOOGLE_APPLICATION_CREDENTIALS", googleFolder+"/"+googleFile)
}

// volume adds one, unless there is one of the name: of two Secrets of a kind the first counts.
func (e *Environment) volume(name, at string, source corev1.VolumeSource) {
	if slices.ContainsFunc(e.Volumes, func(v corev1.Volume) bool { return v.Name == name }) {
		return
	}
	e.Volumes = append(e.Volumes, corev1.Volume{Name: name, VolumeSource: source})
	e.Mounts = append(e.Mounts, corev1.VolumeMount{Name: name, MountPath: at, ReadOnly: true})
}

func (e *Environment) set(name, value string) {
	e.variable(corev1.EnvVar{Name: name, Value: value})
}

func (e *Environment) refer(name, secret, key string) {
	e.variable(corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key,
	}}})
}

func (e *Environment) variable(v corev1.EnvVar) {
	i := slices.IndexFunc(e.Variables, func(have corev1.EnvVar) bool { return have.Name == v.Name })
	if i >= 0 {
		e.Variables[i] = v
		return
	}
	e.Variables = append(e.Variables, v)
}

// Sorted puts the variables into the order of their names, so that the same objects give the same pod.
func (e Environment) Sorted() Environment {
	slices.SortFunc(e.Variables, func(a, b corev1.EnvVar) int { return strings.Compare(a.Name, b.Name) })
	return e
}

// keys are the entries of a Secret, sorted.
func keys(secret *corev1.Secret) []string {
	all := map[string]bool{}
	for key := range secret.Data {
		all[key] = true
	}
	for key := range secret.StringData {
		all[key] = true
	}
	return slices.Sorted(maps.Keys(all))
}
