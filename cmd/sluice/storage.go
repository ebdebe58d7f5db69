package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluice-serving/sluice/runtime/storage"
)

// storageOptions are the flags of what fetches models.
type storageOptions struct {
	caBundle   string
	noCache    bool
	cacheLimit int64
	stall      time.Duration
}

func newStorageCommand(getenv func(string) string) *cobra.Command {
	var o storageOptions
	cmd := &cobra.Command{
		Use:   "storage URI DIR [URI DIR]...",
		Short: "Fetch models from where they are kept into directories",
		Long: `Storage fetches each model at URI into DIR, with the arguments of KServe's storage initializer. DIR holds the whole model
afterwards in the place of what was fetched into it before, or as much as before if it fails; the next try goes on where that one
stopped. Models for one DIR appear together. On a mount point, or where DIR holds files of yours too, those stay, and files come
and go one by one. A single file that is an archive (.zip,
.tar, .tar.gz, .tgz) is unpacked.

URI is one of s3://BUCKET/PATH, gs://BUCKET/PATH, hf://ORG/NAME[:REVISION], https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH,
http(s)://HOST/FILE, file:///PATH. Credentials and endpoints come from the environment and the usual files: AWS_…, ~/.aws,
GOOGLE_APPLICATION_CREDENTIALS, AZURE_…, HF_TOKEN, and the names that KServe gives them.

The last line on standard error says why it failed, and fits a termination message.`,
		Example: `  sluice storage s3://models/iris /mnt/models
  AWS_ENDPOINT_URL=http://localhost:9000 sluice storage s3://models/iris ./iris hf://org/bert ./bert`,
		Args: args(func(_ *cobra.Command, given []string) error {
			if len(given) == 0 || len(given)%2 != 0 {
				return fmt.Errorf("every URI needs a DIR")
			}
			return nil
		}),
		RunE: func(cmd *cobra.Command, given []string) error {
			fetcher := o.fetcher(getenv, newProgressLine(cmd.ErrOrStderr()))
			for _, one := range destinations(given) {
				if err := fetcher.FetchAll(cmd.Context(), one.uris, one.dir); err != nil {
					return stopped(cmd.Context(), err)
				}
			}
			return nil
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// destination is a directory, with the URIs of all models that go into it.
type destination struct {
	dir  string
	uris []string
}

// destinations sorts the arguments URI DIR… by directory: models of one directory appear there together.
func destinations(given []string) []destination {
	var all []destination
	for i := 0; i+1 < len(given); i += 2 {
		uri, dir := given[i], filepath.Clean(given[i+1])
		at := slices.IndexFunc(all, func(d destination) bool { return d.dir == dir })
		if at < 0 {
			at, all = len(all), append(all, destination{dir: dir})
		}
		all[at].uris = append(all[at].uris, uri)
	}
	return all
}

// stopped words the end of a fetch that was told to stop.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("stopped before all was fetched; the next try goes on from here")
	}
	return err
}

func (o *storageOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.caBundle, "ca", "", "file with further certificate authorities (default: AWS_CA_BUNDLE)")
	flags.BoolVar(&o.noCache, "no-cache", false, "keep nothing in the cache that services share")
	flags.Int64Var(&o.cacheLimit, "cache-limit", storage.DefaultCacheLimit, "bytes that the cache is trimmed to")
	flags.DurationVar(&o.stall, "stall-timeout", 30*time.Second, "longest time that a server may send nothing")
}

func (o *storageOptions) fetcher(getenv func(string) string, progress func(storage.Progress)) *storage.Fetcher {
	options := storage.Options{CacheLimit: o.cacheLimit, Getenv: getenv, CABundle: o.caBundle, Stall: o.stall, Progress: progress}
	if !o.noCache {
		options.Cache = storage.CacheDir(getenv)
	}
	return storage.New(options)
}

// progressEvery is how often a line of a log tells how far a fetch is.
const progressEvery = 2 * time.Second

// newProgressLine tells progress on one line of a terminal that is written over, and in a log on a line now and then.
func newProgressLine(w io.Writer) func(storage.Progress) {
	terminal := isTerminal(w)
	var last time.Time
	return func(p storage.Progress) {
		done := p.Files == p.TotalFiles
		switch {
		case terminal && done:
			_, _ = fmt.Fprintf(w, "\r\033[Kfetched %s: %s\n", p.URI, p)
		case terminal:
			_, _ = fmt.Fprintf(w, "\r\033[Kfetching %s: %s", p.URI, p)
		case done:
			_, _ = fmt.Fprintf(w, "fetched %s: %s\n", p.URI, p)
		case time.Since(last) >= progressEvery:
			last = time.Now()
			_, _ = fmt.Fprintf(w, "fetching %s: %s\n", p.URI, p)
		}
	}
}
