package convert

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

// check finds what would fail at the end, before an environment is made and the model is run.
func (o Options) check(model []byte) error {
	if format := notPickle(model); format != nil {
		return &Fault{Kind: NotPickle, Model: o.Model, Text: format.Error()}
	}
	if o.Sample != "" {
		if _, err := os.Stat(o.Sample); err != nil {
			return &Fault{Kind: BadSample, Text: err.Error()}
		}
	}
	folder, err := os.Stat(filepath.Dir(o.Output))
	if err != nil {
		return &Fault{Kind: BadOutput, Text: fmt.Sprintf("make the folder of %s first: %v", o.Output, err)}
	}
	if !folder.IsDir() {
		return &Fault{Kind: BadOutput, Text: fmt.Sprintf("%s isn't in a folder", o.Output)}
	}
	there, err := os.Stat(o.Output)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &Fault{Kind: BadOutput, Text: err.Error()}
	}
	if there.IsDir() {
		return &Fault{Kind: BadOutput, Text: fmt.Sprintf("%s is a folder; name a file in it", o.Output)}
	}
	if source, err := os.Stat(o.Model); err == nil && os.SameFile(source, there) {
		return &Fault{Kind: BadOutput, Text: fmt.Sprintf("%s is the model itself; name another file", o.Output)}
	}
	return nil
}

// notPickle says why a file is no pickle, nil if it may be one: what begins as one, or as one that is compressed, is Python's to judge.
func notPickle(data []byte) error {
	const proto = 0x80 // the first byte of each protocol but the two oldest
	if len(data) > 0 && data[0] == proto {
		return nil
	}
	_, err := pickle.Read(data, pickle.Limits{})
	if format := (*pickle.FormatError)(nil); errors.As(err, &format) {
		return format
	}
	return nil
}
