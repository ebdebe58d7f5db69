package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"strings"
)

// fetchAndServe fetches the model first, if it is to be fetched, and removes it at the end if nobody said where to.
func fetchAndServe(ctx context.Context, o serveOptions, stderr io.Writer) (err error) {
	if o.storageURI != "" {
		if o.modelDir == "" {
			if o.modelDir, err = os.MkdirTemp("", "sluice-model-"); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(o.modelDir)) }()
		}
		if err := o.storage.fetcher(os.Getenv, newProgressLine(stderr)).Fetch(ctx, o.storageURI, o.modelDir); err != nil {
			return stopped(ctx, err)
		}
	}
	return serve(ctx, o, newLogger(stderr, o.logFormat, o.verbose))
}

// nameFromURI is the last part of a storage URI, without a signature and without an archive's ending.
func nameFromURI(uri string) string {
	uri, _, _ = strings.Cut(uri, "?")
	name := path.Base(uri)
	for _, ending := range []string{".tar.gz", ".tgz", ".tar", ".zip"} {
		if short, ok := strings.CutSuffix(name, ending); ok {
			return short
		}
	}
	return name
}
