package storage

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// environment is what a fetch is told beside the URI, by the names that KServe's storage initializer reads and those of
// each store's own tools.
type environment struct {
	get func(name string) string
	// given are the settings of a storage-config Secret, which come before the variables.
	given map[string]string
}

// readEnvironment takes STORAGE_CONFIG, the entry of KServe's Secret storage-config, and STORAGE_OVERRIDE_CONFIG apart.
func readEnvironment(u origin.URI, get func(string) string) (environment, error) {
	e := environment{get: get, given: map[string]string{}}
	spec := map[string]any{}
	for _, name := range []string{"STORAGE_CONFIG", "STORAGE_OVERRIDE_CONFIG"} {
		text := get(name)
		if text == "" {
			continue
		}
		over := map[string]any{}
		if err := json.Unmarshal([]byte(text), &over); err != nil {
			// What json says repeats a part of the text, which is a secret.
			return e, u.Fail(origin.ReasonCredentials, "the storage configuration in %s is no JSON object", "correct the entry of the Secret storage-config", name)
		}
		for key, value := range over {
			spec[key] = value
		}
	}
	for key, names := range map[string][]string{
		"endpoint_url": {"AWS_ENDPOINT_URL"}, "access_key_id": {"AWS_ACCESS_KEY_ID"}, "secret_access_key": {"AWS_SECRET_ACCESS_KEY"},
		"region": {"AWS_REGION"}, "default_region": {"AWS_REGION"}, "verify_ssl": {"S3_VERIFY_SSL"}, "anonymous": {"awsAnonymousCredential"},
		"ca_bundle": {"AWS_CA_BUNDLE"}, "certificate": {caText}, "cabundle_configmap": {}, "base64_service_account": {googleBase64},
	} {
		value, ok := spec[key]
		if !ok || value == nil {
			continue
		}
		for _, name := range names {
			e.given[name] = fmt.Sprint(value)
		}
	}
	return e, nil
}

// caText is a certificate's text in a storage-config entry, and googleBase64 a service account's key file there.
const (
	caText       = "CERTIFICATE"
	googleBase64 = "BASE64_SERVICE_ACCOUNT"
)

// first is the first of the variables that is set.
func (e environment) first(names ...string) string {
	for _, name := range names {
		if value := cmp.Or(e.given[name], e.get(name)); value != "" {
			return value
		}
	}
	return ""
}

// flag reads a variable that says yes or no, as KServe's do: 0, false and False are no.
func (e environment) flag(otherwise bool, names ...string) bool {
	text := strings.ToLower(e.first(names...))
	switch text {
	case "":
		return otherwise
	case "yes", "on":
		return true
	case "no", "off":
		return false
	}
	value, err := strconv.ParseBool(text)
	return err == nil && value
}

// googleKey is the text of a service account's key, from a storage-config entry or a file.
func (e environment) googleKey() ([]byte, error) {
	if text := e.given[googleBase64]; text != "" {
		return base64.StdEncoding.DecodeString(text)
	}
	if file := e.first("GOOGLE_APPLICATION_CREDENTIALS"); file != "" {
		return os.ReadFile(file)
	}
	return nil, nil
}

// hubToken is the user's token for the hub: of the environment, or the file that its own tool keeps.
func (e environment) hubToken() string {
	if token := e.first("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"); token != "" {
		return strings.TrimSpace(token)
	}
	home := e.first("HF_HOME")
	if home == "" && e.first("XDG_CACHE_HOME") != "" {
		home = filepath.Join(e.first("XDG_CACHE_HOME"), "huggingface")
	}
	if home == "" && e.first("HOME") != "" {
		home = filepath.Join(e.first("HOME"), ".cache", "huggingface")
	}
	file := e.first("HF_TOKEN_PATH")
	if file == "" && home != "" {
		file = filepath.Join(home, "token")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "" // most have none: public models need none
	}
	return strings.TrimSpace(string(data))
}
