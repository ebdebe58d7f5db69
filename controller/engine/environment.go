package engine

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// variables are a container's environment as far as its pod declares it.
type variables struct {
	values map[string]string
	// secret holds the values that came from Secrets, so that they can be kept out of messages.
	secret []string
	// origin says which Secret a variable's value is of, or holds a part of; other variables have none.
	origin map[string]string
}

// set gives a name its value, and notes the Secret that it is of, "" for none.
func (v *variables) set(name, value, origin string) {
	v.values[name] = value
	delete(v.origin, name)
	if origin == "" {
		return
	}
	if v.origin == nil {
		v.origin = map[string]string{}
	}
	v.origin[name] = origin
	if value != "" {
		v.secret = append(v.secret, value)
	}
}

// containerVariables evaluates envFrom and env in Kubernetes' order: a later name overrides an earlier one, and a value may
// refer to names before it and to those in given, which everything in the pod overrides. rewrite is applied to each value
// as it is set. A missing reference that is not optional is an error.
func containerVariables(c *corev1.Container, given map[string]string, refs References, d downward,
	rewrite func(name, value string) string,
) (variables, error) {
	v := variables{values: maps.Clone(given)}
	if v.values == nil {
		v.values = map[string]string{}
	}
	for _, source := range c.EnvFrom {
		if err := v.addFrom(source, refs, rewrite); err != nil {
			return v, configError("container %s: envFrom: %v", c.Name, err)
		}
	}
	lookup := lookupIn(v.values)
	for _, e := range c.Env {
		if e.ValueFrom == nil {
			_, origin := v.secretIn(e.Value)
			v.set(e.Name, rewrite(e.Name, expand(e.Value, lookup)), origin)
			continue
		}
		value, found, err := valueFrom(e.ValueFrom, c, refs, d)
		if err != nil {
			return v, configError("container %s: env %s: %v", c.Name, e.Name, err)
		}
		if found {
			origin := ""
			if ref := e.ValueFrom.SecretKeyRef; ref != nil {
				origin = fmt.Sprintf("key %q of Secret %q", ref.Key, ref.Name)
			}
			v.set(e.Name, rewrite(e.Name, value), origin)
		}
	}
	return v, nil
}

func configError(format string, args ...any) error {
	return &reasonError{ReasonCreateContainerConfig, fmt.Sprintf(format, args...)}
}

func (v *variables) addFrom(source corev1.EnvFromSource, refs References, rewrite func(name, value string) string) error {
	data, secret := map[string]string{}, ""
	switch {
	case source.ConfigMapRef != nil:
		object, ok := refs.ConfigMaps[source.ConfigMapRef.Name]
		if !ok {
			return missing("ConfigMap", source.ConfigMapRef.Name, source.ConfigMapRef.Optional)
		}
		data = object.Data
	case source.SecretRef != nil:
		secret = source.SecretRef.Name
		object, ok := refs.Secrets[source.SecretRef.Name]
		if !ok {
			return missing("Secret", source.SecretRef.Name, source.SecretRef.Optional)
		}
		for key, value := range object.Data {
			data[key] = string(value)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(data)) {
		name := source.Prefix + key
		if name != "" && !strings.ContainsAny(name, "=\x00") {
			origin := ""
			if secret != "" {
				origin = fmt.Sprintf("key %q of Secret %q", key, secret)
			}
			v.set(name, rewrite(name, data[key]), origin)
		}
	}
	return nil
}

func missing(kind, name string, optional *bool) error {
	if optional != nil && *optional {
		return nil
	}
	return fmt.Errorf("%s %q is missing: add it beside the manifest, or mark the reference optional", kind, name)
}

// valueFrom gives the value that a source refers to; found is false for an optional reference to nothing.
func valueFrom(source *corev1.EnvVarSource, c *corev1.Container, refs References, d downward) (value string, found bool, err error) {
	switch {
	case source.SecretKeyRef != nil:
		ref := source.SecretKeyRef
		if object, ok := refs.Secrets[ref.Name]; ok {
			if data, ok := object.Data[ref.Key]; ok {
				return string(data), true, nil
			}
			return "", false, missing("key "+strconv.Quote(ref.Key)+" of Secret", ref.Name, ref.Optional)
		}
		return "", false, missing("Secret", ref.Name, ref.Optional)
	case source.ConfigMapKeyRef != nil:
		ref := source.ConfigMapKeyRef
		if object, ok := refs.ConfigMaps[ref.Name]; ok {
			if data, ok := object.Data[ref.Key]; ok {
				return data, true, nil
			}
			return "", false, missing("key "+strconv.Quote(ref.Key)+" of ConfigMap", ref.Name, ref.Optional)
		}
		return "", false, missing("ConfigMap", ref.Name, ref.Optional)
	case source.FieldRef != nil:
		value, err = d.field(source.FieldRef.FieldPath)
		return value, err == nil, err
	case source.ResourceFieldRef != nil:
		value, err = d.resource(source.ResourceFieldRef, c)
		return value, err == nil, err
	}
	return "", false, fmt.Errorf("valueFrom names a source that sluice does not know: use secretKeyRef, configMapKeyRef, fieldRef or resourceFieldRef")
}

// inherited are the variables of sluice's own environment that a process gets: enough to find programs, libraries, devices
// and caches, and nothing that is likely to hold a credential.
func inherited() []string {
	return []string{"HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TZ", "USER", "XDG_CACHE_HOME", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"}
}

// ownInherited are passed to sluice's own runtime besides, so that it finds the libraries that sluice has found.
func ownInherited() []string { return []string{"SLUICE_CACHE", "SLUICE_ONNXRUNTIME"} }

// storageInherited is passed to sluice storage besides: where the user's own credentials for stores are. A store that the pod
// declares anything of is left out, since two halves of different credentials fit nothing.
func storageInherited(declared map[string]string) []string {
	families := []struct {
		prefixes []string
		names    []string
	}{
		{[]string{"AWS_", "S3_", "awsAnonymous"}, []string{
			"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
			"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ROLE_ARN",
			"AWS_WEB_IDENTITY_TOKEN_FILE", "S3_ENDPOINT", "S3_USE_HTTPS", "S3_VERIFY_SSL", "S3_USER_VIRTUAL_BUCKET", "awsAnonymousCredential",
		}},
		{[]string{"GOOGLE_", "STORAGE_EMULATOR"}, []string{"GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST", "CLOUDSDK_CONFIG"}},
		{[]string{"AZ_", "AZURE_"}, []string{
			"AZ_TENANT_ID", "AZ_CLIENT_ID", "AZ_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE",
			"AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CONNECTION_STRING",
		}},
		{[]string{"HF_"}, []string{"HF_TOKEN", "HF_TOKEN_PATH", "HF_HOME", "HF_ENDPOINT"}},
	}
	names := []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"}
	for _, family := range families {
		told := false
		for name := range declared {
			told = told || slices.ContainsFunc(family.prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		}
		if !told && declared["STORAGE_CONFIG"] == "" {
			names = append(names, family.names...)
		}
	}
	return names
}

// baseVariables is the environment of every process before its pod's own.
func baseVariables(lookup func(string) (string, bool), extra []string, tmp, hostname string) map[string]string {
	base := map[string]string{"TMPDIR": tmp, "HOSTNAME": hostname, "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
	for _, name := range append(inherited(), extra...) {
		if value, ok := lookup(name); ok && value != "" {
			base[name] = value
		}
	}
	return base
}

// environ renders variables as a process takes them, sorted.
func environ(values map[string]string) []string {
	out := make([]string, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, name+"="+values[name])
	}
	return out
}
