package storage_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// tarball packs one entry beside a good file.
func tarball(t *testing.T, entry tar.Header) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	w := tar.NewWriter(zipped)
	for _, header := range []tar.Header{{Name: "m/model.onnx", Typeflag: tar.TypeReg, Size: 3, Mode: 0o644}, entry} {
		if err := w.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if header.Size > 0 {
			if _, err := w.Write([]byte("one")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if w.Close() != nil || zipped.Close() != nil {
		t.Fatal("the archive can't be made")
	}
	return packed.Bytes()
}

// An archive in a bucket is unpacked whole, or refused with a word for what is wrong with it and nothing left behind.
func TestArchivesInABucket(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	var none bytes.Buffer
	if err := zip.NewWriter(&none).Close(); err != nil {
		t.Fatal(err)
	}
	good := tarball(t, tar.Header{Name: "labels.txt", Typeflag: tar.TypeReg, Size: 3, Mode: 0o600})
	store.Put(t, "archives", map[string][]byte{
		"good.tar.gz": good, "cut.tgz": good[:len(good)/2], "empty.zip": none.Bytes(),
		"parent.tgz":   tarball(t, tar.Header{Name: "../../evil", Typeflag: tar.TypeReg}),
		"absolute.tgz": tarball(t, tar.Header{Name: "/tmp/evil", Typeflag: tar.TypeReg}),
		"link.tgz":     tarball(t, tar.Header{Name: "m/link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}),
		"hard.tgz":     tarball(t, tar.Header{Name: "m/link", Typeflag: tar.TypeLink, Linkname: "m/model.onnx"}),
		"pair/a.zip":   none.Bytes(), "pair/b.txt": []byte("b"),
	})
	f := newTester(t, s3Env(store.URL))
	for name, words := range map[string][]string{
		"parent.tgz": {`"../../evil"`, "leads out"}, "absolute.tgz": {`"/tmp/evil"`, "absolute"}, "link.tgz": {`"m/link"`, "symbolic link"},
		"hard.tgz": {`"m/link"`, "hard link"}, "cut.tgz": {"can't be read", "pack it anew"},
	} {
		f.mustFail("s3://archives/"+name, origin.ReasonUnsafeArchive, words...)
	}
	f.mustFail("s3://archives/empty.zip", origin.ReasonEmptyPrefix, "no file")
	f.mustFetch("s3://archives/good.tar.gz")
	f.want(map[string][]byte{"m/model.onnx": []byte("one"), "labels.txt": []byte("one")})
	// Among other files an archive is one of the model's.
	f = newTester(t, s3Env(store.URL))
	f.mustFetch("s3://archives/pair")
	f.want(map[string][]byte{"a.zip": none.Bytes(), "b.txt": []byte("b")})
}
