package credentials

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// StorageSecret is the Secret whose entries `storage.key` names.
const StorageSecret = "storage-config"

// Spec is a model's `storage`: a path within the store that an entry of the Secret tells of.
type Spec struct {
	Key, Path  string
	Parameters map[string]string
}

// OfSpec gives the storage URI that a spec stands for and the environment that it is fetched with. An error says what to mend.
func OfSpec(spec Spec, from Objects) (uri string, e Environment, err error) {
	secret, found := from.Secrets[StorageSecret]
	if !found && spec.Key != "" {
		return "", e, fmt.Errorf("the Secret %s is missing: add it beside the manifest, with an entry %q", StorageSecret, spec.Key)
	}
	key := spec.Key
	var have []string
	if found {
		have = keys(secret)
	}
	if key == "" {
		key = "default_" + spec.Parameters["type"]
		if !slices.Contains(have, key) {
			key = "default"
		}
	}
	entry := map[string]any{}
	switch {
	case slices.Contains(have, key):
		if err := json.Unmarshal([]byte(text(secret, key)), &entry); err != nil {
			// What json says repeats a part of the entry.
			return "", e, fmt.Errorf("the entry %q of the Secret %s is no JSON object", key, StorageSecret)
		}
		e.refer("STORAGE_CONFIG", StorageSecret, key)
	case spec.Key != "":
		return "", e, fmt.Errorf("the Secret %s has no entry %q: it has %s", StorageSecret, spec.Key, strings.Join(have, ", "))
	}
	get := func(name string) string {
		value, isText := entry[name].(string)
		if !isText {
			value = ""
		}
		return cmp.Or(spec.Parameters[name], value)
	}
	if len(spec.Parameters) > 0 {
		over, err := json.Marshal(spec.Parameters)
		if err != nil {
			return "", e, err
		}
		e.variable(corev1.EnvVar{Name: "STORAGE_OVERRIDE_CONFIG", Value: string(over)})
	}
	kind, bucket, path := get("type"), get("bucket"), strings.TrimPrefix(spec.Path, "/")
	switch {
	case kind == "s3" || kind == "gs":
		if bucket == "" {
			return "", e, fmt.Errorf("storage of type %s names no bucket: add \"bucket\" to the entry %q of the Secret %s, or to storage.parameters", kind, key, StorageSecret)
		}
		return kind + "://" + bucket + "/" + path, e, nil
	case kind == "":
		return "", e, fmt.Errorf("storage has no type: set storage.key to an entry of the Secret %s, or storage.parameters.type", StorageSecret)
	}
	return "", e, fmt.Errorf("storage of type %q isn't fetched: use s3 or gs", kind)
}
