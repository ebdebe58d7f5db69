package standalone

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/host/disk"
)

// goodStore keeps the text that each manifest had when it was last wholly right, so that a start at which one is broken goes
// on with that: a file for each, with a line of JSON, [goodHead], before the text. Only its owner can read what is in it.
type goodStore struct {
	dir string
}

// goodText is what is kept of a manifest.
type goodText struct {
	// path is absolute.
	path string
	text []byte
	// policies are the digests of the AccessPolicies in it.
	policies []string
}

// goodHead is the first line of a kept file.
type goodHead struct {
	Path string `json:"path"`
	// SHA256 is the text's, in hexadecimal. Half a text may be a manifest as well, one without the policy at its end.
	SHA256 string `json:"sha256"`
	// Policies are as in [goodText], so that a text need not be parsed to know them.
	Policies []string `json:"policies,omitempty"`
}

// goodName is the name of the file that keeps a manifest's text; path is absolute.
func goodName(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:16])
}

// load reads all that is kept, by the names of its files, and says what is wrong with those that can't be used.
func (s goodStore) load() (kept map[string]goodText, wrong map[string]error) {
	kept, wrong = map[string]goodText{}, map[string]error{}
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		wrong[""] = err
	}
	for _, entry := range entries {
		if isHidden(entry.Name()) {
			continue // half of one, from a run that was killed over it
		}
		text, err := s.read(entry.Name())
		if err != nil {
			wrong[entry.Name()] = err
			continue
		}
		kept[entry.Name()] = text
	}
	return kept, wrong
}

func (s goodStore) read(name string) (goodText, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return goodText{}, err
	}
	line, text, _ := bytes.Cut(data, []byte("\n"))
	var head goodHead
	if err := json.Unmarshal(line, &head); err != nil {
		return goodText{}, fmt.Errorf("%s is damaged: %w", filepath.Join(s.dir, name), err)
	}
	if head.SHA256 != digestOf(text) || goodName(head.Path) != name {
		return goodText{}, fmt.Errorf("%s is damaged: it is not what was written", filepath.Join(s.dir, name))
	}
	return goodText{path: head.Path, text: text, policies: head.Policies}, nil
}

// save keeps a text. Where that fails nothing is kept of the file: an older text may lack a policy that the newer has.
func (s goodStore) save(text goodText) error {
	head, err := json.Marshal(goodHead{Path: text.path, SHA256: digestOf(text.text), Policies: text.policies})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	name := goodName(text.path)
	if err := disk.Replace(filepath.Join(s.dir, name), append(append(head, '\n'), text.text...), 0o600); err != nil {
		return errors.Join(err, s.remove(name))
	}
	return nil
}

// remove drops what is kept under a name, if anything is.
func (s goodStore) remove(name string) error {
	if err := os.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// secretComment finds a Secret that only a comment sets aside.
var secretComment = regexp.MustCompile(`(?mi)^[ \t]*#.*\bkind["']?\s*:\s*["']?Secret\b`)

// keepable says whether a file that is wholly right may be kept: it holds something, and no Secret, not even in a comment.
// What stands beside a Secret is not kept without it, since it would be planned as something else than it was.
func keepable(documents []manifest.Document, text []byte) bool {
	for _, document := range documents {
		if kindOf(document.Object) == "Secret" {
			return false
		}
	}
	return len(documents) > 0 && !secretComment.Match(text)
}
