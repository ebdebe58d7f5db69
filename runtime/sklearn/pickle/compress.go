package pickle

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"
)

// compression is one of joblib's, known by its first bytes.
type compression struct {
	name  string
	magic string
	skip  int // bytes of a header of joblib's own
	// open gives the content of what the reader holds, of which no more than most bytes are wanted.
	open func(r io.Reader, most int64) (io.Reader, error)
}

// oldZlibHeader is "ZF" and the length in hexadecimal, as joblib before 0.10 wrote.
const oldZlibHeader = 2 + len("0x10000000000000000")

func compressions() []compression {
	unzlib := func(r io.Reader, _ int64) (io.Reader, error) { return zlib.NewReader(r) }
	return []compression{
		{name: "zlib", magic: "\x78", open: unzlib},
		{name: "zlib", magic: "ZF", skip: oldZlibHeader, open: unzlib},
		{name: "gzip", magic: "\x1f\x8b", open: func(r io.Reader, _ int64) (io.Reader, error) { return gzip.NewReader(r) }},
		{name: "bzip2", magic: "BZ", open: func(r io.Reader, _ int64) (io.Reader, error) { return bzip2.NewReader(r), nil }},
		{name: "lzma", magic: "\x5d\x00", open: openLzma},
		{name: "xz", magic: "\xfd7zXZ", open: openXz},
		{name: "lz4", magic: "\x04\x22\x4d\x18", open: func(r io.Reader, _ int64) (io.Reader, error) { return lz4.NewReader(r), nil }},
	}
}

// maxDictionary bounds what the header of an LZMA stream makes its reader allocate at once; xz -9 has 64 MiB.
const maxDictionary = 128 << 20

func openLzma(r io.Reader, most int64) (io.Reader, error) {
	head := make([]byte, lzma.HeaderLen)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	dictionary := head[1:5]
	size := binary.LittleEndian.Uint32(dictionary)
	if size > maxDictionary {
		return nil, fmt.Errorf("its dictionary of %d bytes is above %d", size, maxDictionary)
	}
	// No match reaches further back than the content is long.
	binary.LittleEndian.PutUint32(dictionary, uint32(min(int64(size), max(most+1, lzma.MinDictCap))))
	return lzma.NewReader(io.MultiReader(bytes.NewReader(head), r))
}

// unpack gives the content of a compressed file, or data itself.
func unpack(data []byte, limits Limits) ([]byte, error) {
	for _, c := range compressions() {
		if !bytes.HasPrefix(data, []byte(c.magic)) || len(data) < c.skip {
			continue
		}
		content, err := c.unpack(data[c.skip:], limits.unpacked(len(data)))
		if err != nil {
			return nil, err
		}
		return content, nil
	}
	return data, nil
}

func (c compression) unpack(data []byte, most int64) ([]byte, error) {
	r, err := c.open(bytes.NewReader(data), most)
	if err != nil {
		return nil, &FormatError{Problem: fmt.Sprintf("the file begins as %s does, and can't be unpacked: %v", c.name, err)}
	}
	var content bytes.Buffer
	n, err := io.Copy(&content, io.LimitReader(r, most+1))
	if n > most {
		return nil, &LimitError{Offset: n, Bound: fmt.Sprintf("%d bytes come out of %d bytes of %s: raise the limit of memory if the file is what it should be", most, len(data), c.name)}
	}
	if err != nil {
		return nil, &FormatError{Offset: n, Problem: fmt.Sprintf("the file is cut off or damaged: unpacking %s: %v", c.name, err)}
	}
	return content.Bytes(), nil
}
