package storage

import (
	"cmp"
	"context"
	"crypto/md5"  //nolint:gosec // what stores name; it guards against mistakes, not against people
	"crypto/sha1" //nolint:gosec // Git's
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/sluice-serving/sluice/host/disk"
)

// cache keeps what was fetched by its content, for all processes of a user:
//
//	blobs/SHA256         the bytes, never written to again
//	blobs/SHA256.seal    their size and time when they were known to be right; locked while in use; its own time is the last use
//	known/IDENTITY       the SHA256 that an object of a source has, by its version
//	partial/IDENTITY.*   an object that is being fetched, with its lock
type cache struct{ dir string }

// seal tells whether somebody has written to a blob, as a server might to a file that is linked into its model directory.
type seal struct {
	Size int64 `json:"size"`
	Time int64 `json:"time"`
}

// held is a blob that is not removed before release.
type held struct {
	path string
	lock *flock.Flock
}

func (h held) release() { _ = h.lock.Close() }

func openCache(dir string) (cache, error) {
	c := cache{dir: dir}
	for _, sub := range []string{"blobs", "known", "partial"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c cache) blob(sum string) string   { return filepath.Join(c.dir, "blobs", sum) }
func (c cache) known(id string) string   { return filepath.Join(c.dir, "known", id) }
func (c cache) partial(id string) string { return filepath.Join(c.dir, "partial", id) }

// identity is what an object of a source is found again by. One without a version is found by the next try alone.
func identity(place string, o object) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d", place, o.key, o.version, o.size))
	return hex.EncodeToString(sum[:20])
}

// lockPoll is how often a lock that another process holds is tried.
const lockPoll = 50 * time.Millisecond

// ensure gives the blob of an object, fetched by d unless it is there. Of two that ask at once, one fetches.
func (c cache) ensure(ctx context.Context, d *download, o object) (held, error) {
	id := identity(d.source.place(), o)
	lock := flock.New(c.partial(id) + ".lock")
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return held{}, cmp.Or(context.Cause(ctx), err)
	}
	defer lock.Close()
	if o.version != "" {
		if h, ok := c.find(id); ok {
			d.meter.bytes.Add(max(o.size, 0))
			return h, nil
		}
	}
	p, err := openPartial(c.partial(id), o)
	if err != nil {
		return held{}, err
	}
	if err := d.into(ctx, o, p); err != nil {
		return held{}, errors.Join(err, p.close())
	}
	return c.keep(ctx, d.source, o, id, p)
}

// find gives a blob that is known and as it was.
func (c cache) find(id string) (held, bool) {
	text, err := os.ReadFile(c.known(id))
	if err != nil || len(text) != hex.EncodedLen(sha256.Size) {
		return held{}, false
	}
	h, err := c.hold(string(text))
	if err != nil {
		return held{}, false
	}
	if !intact(h.path) {
		h.release()
		return held{}, false
	}
	now := time.Now()
	_ = os.Chtimes(h.path+".seal", now, now) // it only orders what is removed first
	return h, true
}

// hold locks a blob's seal, which must be there.
func (c cache) hold(sum string) (held, error) {
	h := held{path: c.blob(sum)}
	h.lock = flock.New(h.path+".seal", flock.SetFlag(os.O_RDONLY))
	if err := h.lock.RLock(); err != nil {
		return held{}, err
	}
	return h, nil
}

// intact says whether a blob is as it was sealed. One that was only touched is read again.
func intact(path string) bool {
	var sealed seal
	text, err := os.ReadFile(path + ".seal")
	if err != nil || json.Unmarshal(text, &sealed) != nil {
		return false
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != sealed.Size {
		return false
	}
	if info.ModTime().UnixNano() == sealed.Time {
		return true
	}
	sum := sha256.New()
	return hashFile(path, sum) == nil && hex.EncodeToString(sum.Sum(nil)) == filepath.Base(path)
}

// keep checks what came, and makes it a blob.
func (c cache) keep(ctx context.Context, from source, o object, id string, p *partial) (held, error) {
	content, named := sha256.New(), newHash(o)
	if o.size < 0 {
		o.size = p.at(0)
		if err := p.data.Truncate(o.size); err != nil {
			return held{}, errors.Join(err, p.close())
		}
	}
	if err := errors.Join(p.data.Sync(), hashFile(p.data.Name(), io.MultiWriter(content, named))); err != nil {
		return held{}, errors.Join(err, p.close())
	}
	if !o.sum.holds(named) && from.trusts(ctx, o) {
		return held{}, errors.Join(errSum, p.remove())
	}
	sum := hex.EncodeToString(content.Sum(nil))
	path := c.blob(sum)
	if h, err := c.hold(sum); err == nil {
		if intact(path) {
			return h, errors.Join(p.remove(), c.note(o, id, sum))
		}
		h.release()
	}
	if err := errors.Join(p.data.Chmod(0o444), os.Rename(p.data.Name(), path)); err != nil {
		return held{}, errors.Join(err, p.close())
	}
	info, err := os.Stat(path)
	if err != nil {
		return held{}, errors.Join(err, p.close())
	}
	text, err := json.Marshal(seal{Size: info.Size(), Time: info.ModTime().UnixNano()})
	if err == nil {
		err = errors.Join(disk.Replace(path+".seal", text, 0o600), os.Remove(p.state.Name()), p.close())
	}
	if err = cmp.Or(err, c.note(o, id, sum)); err != nil {
		return held{}, err
	}
	return c.hold(sum)
}

// note lets the object be found by its version.
func (c cache) note(o object, id, sum string) error {
	if o.version == "" {
		return nil
	}
	return disk.Replace(c.known(id), []byte(sum), 0o600)
}

func newHash(o object) hash.Hash {
	switch o.sum.name {
	case "md5":
		return md5.New() //nolint:gosec // see the import
	case "crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "git":
		h := sha1.New() //nolint:gosec // see the import
		_, _ = fmt.Fprintf(h, "blob %d\x00", o.size)
		return h
	}
	return sha256.New()
}

func hashFile(path string, into io.Writer) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.CopyBuffer(into, file, make([]byte, 1<<20))
	return err
}

// staleAfter is how long a fetch that was cut off waits to be gone on with.
const staleAfter = 7 * 24 * time.Hour

// trim removes the blobs that were used longest ago until the rest fits into limit, and fetches that nobody has gone on
// with. What a process uses, or a model directory shares, stays: removing that would free nothing.
func (c cache) trim(limit int64, now time.Time) error {
	type kept struct {
		sum  string
		size int64
		used time.Time
	}
	var all []kept
	var total int64
	entries, err := os.ReadDir(filepath.Join(c.dir, "blobs"))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		sum, sealed := strings.CutSuffix(entry.Name(), ".seal")
		use, err := entry.Info()
		if !sealed || err != nil {
			continue
		}
		info, err := os.Stat(c.blob(sum))
		if err != nil {
			continue
		}
		total += info.Size()
		if own, ok := info.Sys().(*syscall.Stat_t); ok && own.Nlink > 1 {
			continue
		}
		all = append(all, kept{sum, info.Size(), use.ModTime()})
	}
	slices.SortFunc(all, func(a, b kept) int { return a.used.Compare(b.used) })
	for _, one := range all {
		if total <= limit {
			break
		}
		removed, err := c.drop(one.sum)
		if err != nil {
			return err
		}
		if removed {
			total -= one.size
		}
	}
	return c.dropStale(now)
}

// drop removes a blob unless it is in use.
func (c cache) drop(sum string) (bool, error) {
	lock := flock.New(c.blob(sum)+".seal", flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryLock()
	if err != nil || !free {
		return false, err
	}
	defer lock.Close()
	return true, errors.Join(os.Remove(c.blob(sum)), os.Remove(c.blob(sum)+".seal"))
}

func (c cache) dropStale(now time.Time) error {
	dir := filepath.Join(c.dir, "partial")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		id, isLock := strings.CutSuffix(entry.Name(), ".lock")
		if !isLock {
			continue
		}
		newest := time.Time{}
		for _, ending := range []string{".lock", ".state", ".data"} {
			if info, err := os.Stat(c.partial(id) + ending); err == nil && info.ModTime().After(newest) {
				newest = info.ModTime()
			}
		}
		if now.Sub(newest) < staleAfter {
			continue
		}
		lock := flock.New(c.partial(id) + ".lock")
		if free, err := lock.TryLock(); err != nil || !free {
			continue
		}
		for _, ending := range []string{".state", ".data", ".lock"} {
			if err := os.Remove(c.partial(id) + ending); err != nil && !errors.Is(err, os.ErrNotExist) {
				return errors.Join(err, lock.Close())
			}
		}
		if err := lock.Close(); err != nil {
			return err
		}
	}
	return nil
}
