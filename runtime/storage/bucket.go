package storage

import (
	"context"
	"errors"
	"io"
	"path"

	"gocloud.dev/blob"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// bucketStore is a source behind gocloud's bucket; what differs from store to store are the functions.
type bucketStore struct {
	uri    origin.URI
	bucket *blob.Bucket
	// at is the place.
	at string
	// describe takes version and checksum from an entry of a listing, which as gives in the store's own type.
	describe func(entry *blob.ListObject, o *object)
	// pin makes a read fail if the object is no longer of its version.
	pin func(o object, as func(any) bool)
	// meant says whether the checksum of an object's entry is one.
	meant func(ctx context.Context, o object) bool
}

var _ source = (*bucketStore)(nil)

func (b *bucketStore) place() string { return b.at }

// list asks for one object and a prefix at once: a prefix's listing begins with the object of the same name.
func (b *bucketStore) list(ctx context.Context) (_ []object, err error) {
	defer b.survive(&err)
	var found []object
	entries := b.bucket.List(&blob.ListOptions{Prefix: b.uri.Path})
	for {
		entry, err := entries.Next(ctx)
		if errors.Is(err, io.EOF) {
			return placed(b.uri, found)
		}
		if err != nil {
			return nil, err
		}
		o := object{key: entry.Key, name: path.Base(entry.Key), size: entry.Size, ranged: true}
		b.describe(entry, &o)
		if found = append(found, o); len(found) > maxObjects {
			return nil, tooMany(b.uri)
		}
		if o.key == b.uri.Path {
			return placed(b.uri, found)
		}
	}
}

func (b *bucketStore) open(ctx context.Context, o object, offset, length int64) (_ io.ReadCloser, err error) {
	defer b.survive(&err)
	return b.bucket.NewRangeReader(ctx, o.key, offset, length, &blob.ReaderOptions{BeforeRead: func(as func(any) bool) error {
		b.pin(o, as)
		return nil
	}})
}

// survive turns a panic of a driver into an error. gocloud's take for granted what a store's answer should have, such as each
// object's time, and dereference it.
func (b *bucketStore) survive(err *error) {
	if fault := recover(); fault != nil {
		*err = b.uri.Fail(origin.ReasonServer, "the store's answer lacks what its protocol asks for", "look whether the endpoint is a store of this kind")
	}
}

func (b *bucketStore) trusts(ctx context.Context, o object) bool {
	return b.meant == nil || b.meant(ctx, o)
}

func (b *bucketStore) close() error { return b.bucket.Close() }
