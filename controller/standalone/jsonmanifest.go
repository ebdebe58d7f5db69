package standalone

import (
	"encoding/json"
	"io"
	"os"
	"regexp"
)

// jsonKeys are those that every manifest has, with texts as values: a tokenizer's vocabulary has the words as well.
var jsonKeys = [...]*regexp.Regexp{regexp.MustCompile(`"kind"\s*:\s*"`), regexp.MustCompile(`"apiVersion"\s*:\s*"`)}

// jsonHead is how much is read of a JSON file that is too large for a manifest, to see whether it was to be one.
const jsonHead = 64 << 10

// isManifestJSON tells a manifest from the sample requests and model files that stand beside it: it has a kind and an
// apiVersion. One that is broken or too large is one where its text has both. It fails where the file can't be read.
func isManifestJSON(file foundFile) (bool, error) {
	opened, err := os.Open(file.path)
	if err != nil {
		return false, err
	}
	defer opened.Close() // only read
	most := int64(maxManifestBytes)
	if file.stamp.size > maxManifestBytes {
		most = jsonHead
	}
	data, err := io.ReadAll(io.LimitReader(opened, most))
	if err != nil {
		return false, err
	}
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if json.Unmarshal(data, &head) == nil {
		return head.APIVersion != "" && head.Kind != "", nil
	}
	for _, key := range jsonKeys {
		if !key.Match(data) {
			return false, nil
		}
	}
	return true, nil
}
