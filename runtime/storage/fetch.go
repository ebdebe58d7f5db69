package storage

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluice-serving/sluice/runtime/storage/archive"
	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// Options say how models are fetched. The zero value of each has a meaning.
type Options struct {
	// Cache is the folder that processes share; see [CacheDir]. Empty keeps nothing beyond the fetch: what is on its way is
	// beside the destination then.
	Cache string
	// CacheLimit in bytes is what the cache is trimmed to; 0 is [DefaultCacheLimit].
	CacheLimit int64
	// Getenv looks up the variables that hold endpoints and credentials; nil has none.
	Getenv func(name string) string
	// CABundle is a file with further certificate authorities.
	CABundle string
	// Claim gives the directory of a PersistentVolumeClaim, and false for one that isn't known. Nil knows none.
	Claim func(name string) (dir string, known bool)
	// Connections are the most requests at once; 0 is 8.
	Connections int
	// Stall is how long a server may send nothing; 0 is 30 s.
	Stall time.Duration
	// Attempts are how often in a row a request may fail; 0 is 6.
	Attempts int
	// Progress is told how far a fetch is, twice a second and at its end, from one goroutine.
	Progress func(Progress)
	// Logger may be nil.
	Logger *slog.Logger
}

// DefaultCacheLimit is what the cache may take if nobody says otherwise.
const DefaultCacheLimit = 50 << 30

// CacheDir is the folder of the cache of a user: below SLUICE_CACHE, or XDG_CACHE_HOME/sluice, or ~/.cache/sluice; empty if
// the environment has none of them.
func CacheDir(getenv func(string) string) string {
	if dir := getenv("SLUICE_CACHE"); dir != "" {
		return filepath.Join(dir, "models")
	}
	if dir := getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "sluice", "models")
	}
	if dir := getenv("HOME"); dir != "" {
		return filepath.Join(dir, ".cache", "sluice", "models")
	}
	return ""
}

// Fetcher fetches models. It may be used by several goroutines.
type Fetcher struct{ options Options }

// New makes a fetcher.
func New(o Options) *Fetcher {
	if o.CacheLimit == 0 {
		o.CacheLimit = DefaultCacheLimit
	}
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Connections == 0 {
		o.Connections = 8
	}
	if o.Stall == 0 {
		o.Stall = 30 * time.Second
	}
	if o.Attempts == 0 {
		o.Attempts = 6
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Fetcher{o}
}

// Fetch brings the model at a storage URI into the directory dir, as [Fetcher.FetchAll] does.
func (f *Fetcher) Fetch(ctx context.Context, uri, dir string) error {
	return f.FetchAll(ctx, []string{uri}, dir)
}

// FetchAll brings the models at storage URIs into the directory dir, a file of a later one in the place of an earlier one's of
// the same name. The directory then holds all of them in the place of what was fetched into it before, and as much as before if
// there is an error. On a mount point, and where others have put files too, these stay and each file comes alone. Its error is a
// [*origin.Failure], or the context's.
func (f *Fetcher) FetchAll(ctx context.Context, uris []string, dir string) error {
	var models []model
	defer func() {
		for _, m := range models {
			m.shut()
		}
	}()
	dir, err := destination(uris, dir)
	if err != nil {
		return err
	}
	for _, uri := range uris {
		m, err := f.find(ctx, uri)
		if err != nil {
			return err
		}
		models = append(models, m)
	}
	return f.put(ctx, models, dir)
}

// destination resolves a directory, in which nothing is left undone by a fetch that was killed.
func destination(uris []string, dir string) (string, error) {
	u, err := origin.Parse(uris[0])
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", classify(u, err, "")
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // what a link leads to is replaced, not the link
	}
	return dir, classify(u, settle(dir), "")
}

// model is one that is to be fetched, as its source lists it.
type model struct {
	uri     origin.URI
	from    source
	objects []object
	shut    func()
}

func (f *Fetcher) find(ctx context.Context, uri string) (model, error) {
	u, err := origin.Parse(uri)
	if err != nil {
		return model{}, err
	}
	e, err := readEnvironment(u, f.options.Getenv)
	if err != nil {
		return model{}, err
	}
	from, shut, err := f.open(ctx, u, e)
	if err != nil {
		return model{}, classify(u, err, "")
	}
	objects, err := f.list(ctx, u, from)
	if err != nil {
		shut()
		return model{}, classify(u, err, "")
	}
	// A directory that was fetched into may be a source itself.
	objects = slices.DeleteFunc(objects, func(o object) bool { return o.name == recordName })
	return model{u, from, objects, shut}, nil
}

// put puts the models together beside dir and lets them appear there.
func (f *Fetcher) put(ctx context.Context, models []model, dir string) (err error) {
	first := models[0].uri
	place, err := stage(dir)
	if err != nil {
		return classify(first, err, "")
	}
	defer func() {
		defer place.release()
		if err == nil {
			return
		}
		if left := place.discard(); left != nil {
			err = errors.Join(err, left)
		}
	}()
	for i, m := range models {
		if i == 0 {
			err = f.bring(ctx, m, place)
		} else {
			err = f.join(ctx, m, place)
		}
		if err != nil {
			return classify(m.uri, err, "")
		}
	}
	return classify(first, place.appear(), "")
}

// join brings a further model to those in place.
func (f *Fetcher) join(ctx context.Context, m model, place staging) error {
	another, err := place.another()
	if err != nil {
		return err
	}
	if err := f.bring(ctx, m, another); err != nil {
		return err
	}
	return place.join(another)
}

// open opens the place that a URI leads to.
func (f *Fetcher) open(ctx context.Context, u origin.URI, e environment) (source, func(), error) {
	switch u.Scheme {
	case origin.File:
		return &local{uri: u, root: u.Path}, func() {}, nil
	case origin.Claim:
		dir, known := "", false
		if f.options.Claim != nil {
			dir, known = f.options.Claim(u.Bucket)
		}
		if !known {
			return nil, nil, u.Fail(origin.ReasonBucketNotFound, "the PersistentVolumeClaim %q is not known here", "add the claim beside the manifest", u.Bucket)
		}
		return &local{uri: u, root: filepath.Join(dir, filepath.FromSlash(u.Path))}, func() {}, nil
	}
	transport, err := newTransport(u, e, f.options.CABundle, f.options.Connections)
	if err != nil {
		return nil, nil, err
	}
	from, err := openRemote(ctx, u, e, watching{transport})
	if err != nil {
		transport.CloseIdleConnections()
		return nil, nil, err
	}
	return from, func() {
		if err := from.close(); err != nil {
			f.options.Logger.DebugContext(ctx, "the store's client did not close", "uri", u.String(), "error", err)
		}
		transport.CloseIdleConnections()
	}, nil
}

func openRemote(ctx context.Context, u origin.URI, e environment, transport http.RoundTripper) (source, error) {
	switch u.Scheme {
	case origin.S3:
		return openS3(ctx, u, e, transport)
	case origin.GS:
		return openGS(ctx, u, e, transport)
	case origin.Azure:
		return openAzure(ctx, u, e, transport)
	case origin.Hub:
		return openHub(u, e, transport), nil
	}
	return openWeb(u, e, transport)
}

func (f *Fetcher) retry() retry {
	return retry{attempts: f.options.Attempts, first: 200 * time.Millisecond, limit: 10 * time.Second, logger: f.options.Logger}
}

func (f *Fetcher) list(ctx context.Context, u origin.URI, from source) (objects []object, err error) {
	again := f.retry()
	again.stalls = 2 // nothing is lost by telling soon that a server is silent
	err = again.do(ctx, "listing", func() (bool, error) {
		dog := newWatchdog(ctx, f.options.Stall)
		defer dog.stop()
		objects, err = from.list(dog.ctx)
		return false, dog.blame(err)
	})
	return objects, err
}

// bring fetches a model's objects into place.
func (f *Fetcher) bring(ctx context.Context, from model, place staging) error {
	m := &meter{uri: from.uri.String(), totalFiles: len(from.objects)}
	for _, o := range from.objects {
		if o.size < 0 {
			m.total = -1
			break
		}
		m.total += o.size
	}
	stop := m.tell(ctx, f.options.Progress)
	defer stop()
	if _, here := from.from.(*local); here {
		return f.copyLocal(ctx, from.uri, from.objects, place, m)
	}
	return f.download(ctx, from.uri, from.from, from.objects, place, m)
}

// copyLocal copies: the user's own file may be written to at any time, and must not share its content.
func (f *Fetcher) copyLocal(ctx context.Context, u origin.URI, objects []object, place staging, m *meter) error {
	if err := checkSpace(u, place.dir, max(m.total, 0)); err != nil {
		return err
	}
	for _, o := range objects {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := f.putLocal(u, o, place); err != nil {
			return classify(u, err, o.name)
		}
		m.bytes.Add(o.size)
		m.files.Add(1)
	}
	return nil
}

func (f *Fetcher) putLocal(u origin.URI, o object, place staging) error {
	if archive.Is(o.name) && o.name == filepath.Base(u.Path) {
		return archive.UnpackFile(o.key, o.name, place.dir, archive.DefaultLimits())
	}
	to := filepath.Join(place.dir, filepath.FromSlash(o.name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return copyFile(o.key, to)
}

func (f *Fetcher) download(ctx context.Context, u origin.URI, from source, objects []object, place staging, m *meter) error {
	dir := f.options.Cache
	if dir == "" {
		// Kept when the fetch fails, for the next try to go on with.
		dir = filepath.Join(place.parent, stagingPrefix+"cache")
	}
	kept, err := openCache(dir)
	if err != nil {
		return err
	}
	if err := checkSpace(u, dir, kept.missing(from, objects)); err != nil {
		return err
	}
	d := &download{source: from, retry: f.retry(), stall: f.options.Stall, slots: make(chan struct{}, f.options.Connections), meter: m}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(f.options.Connections)
	for _, o := range objects {
		group.Go(func() error { return classify(u, f.one(inner, u, kept, d, o, len(objects), place), o.name) })
	}
	if err := group.Wait(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	if f.options.Cache == "" {
		return os.RemoveAll(dir)
	}
	if err := kept.trim(f.options.CacheLimit, time.Now()); err != nil {
		f.options.Logger.WarnContext(ctx, "the model cache can't be trimmed", "dir", dir, "error", err)
	}
	return nil
}

// one brings one object into the model.
func (f *Fetcher) one(ctx context.Context, u origin.URI, kept cache, d *download, o object, of int, place staging) error {
	blob, err := kept.ensure(ctx, d, o)
	if err != nil {
		return err
	}
	defer blob.release()
	if of == 1 && u.Scheme != origin.Hub && archive.Is(o.name) {
		err = archive.UnpackFile(blob.path, o.name, place.dir, archive.DefaultLimits())
	} else {
		err = place.link(blob.path, o.name)
	}
	if err == nil {
		d.meter.files.Add(1)
	}
	return err
}

// missing is how many bytes of objects are still to come.
func (c cache) missing(from source, objects []object) int64 {
	var sum int64
	for _, o := range objects {
		id := identity(from.place(), o)
		if h, ok := c.find(id); ok {
			h.release()
			continue
		}
		// What is reserved for a fetch that was cut off is taken already.
		if _, err := os.Stat(c.partial(id) + ".data"); err == nil {
			continue
		}
		sum += max(o.size, 0)
	}
	return sum
}
