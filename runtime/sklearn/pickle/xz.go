package pickle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"slices"

	"github.com/ulikunitz/xz/lzma"
)

// xzReader reads the blocks of an xz stream, one after the other (sections 2 and 3 of the .xz format). It is one of our own, as each block asks for
// a dictionary and the library allocates what any of them asks for.
type xzReader struct {
	rest  []byte // behind the block that is read
	most  int64  // no match reaches further back than this
	sum   hash.Hash
	check []byte    // what sum must come to at the block's end
	block io.Reader // nil between blocks
}

const (
	xzStreamHeader = 12 // the magic, two bytes of flags and their sum
	xzFooter       = 12
)

var errXz = errors.New("not as the format says")

func openXz(r io.Reader, most int64) (io.Reader, error) {
	stream, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if len(stream) < xzStreamHeader {
		return nil, io.ErrUnexpectedEOF
	}
	flags := stream[6:8]
	if flags[0] != 0 || binary.LittleEndian.Uint32(stream[8:]) != crc32.ChecksumIEEE(flags) {
		return nil, fmt.Errorf("the stream's header is %w", errXz)
	}
	x := &xzReader{rest: stream[xzStreamHeader:], most: most}
	switch flags[1] {
	case 0:
	case 1:
		x.sum = crc32.NewIEEE()
	case 4:
		x.sum = crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		x.sum = sha256.New()
	default:
		return nil, fmt.Errorf("the blocks' check is of the unknown kind %d", flags[1])
	}
	return x, x.next()
}

func (x *xzReader) Read(p []byte) (int, error) {
	for {
		if x.block == nil {
			return 0, io.EOF
		}
		n, err := x.block.Read(p)
		if x.sum != nil {
			_, _ = x.sum.Write(p[:n]) // a hash never fails
		}
		if errors.Is(err, io.EOF) {
			if err = x.verify(); err == nil {
				err = x.next()
			}
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// next begins the next block, if there is one.
func (x *xzReader) next() error {
	x.block = nil
	if len(x.rest) == 0 {
		return io.ErrUnexpectedEOF
	}
	if x.rest[0] == 0 { // the index, of which nothing but its end matters to who reads all
		if len(x.rest) < xzFooter || !bytes.HasSuffix(x.rest, []byte("YZ")) {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	header := 4 * (int(x.rest[0]) + 1)
	if len(x.rest) < header {
		return io.ErrUnexpectedEOF
	}
	dictionary, err := xzDictionary(x.rest[:header])
	if err != nil {
		return err
	}
	content, whole := lzma2Len(x.rest[header:])
	end, sum := header+(content+3)/4*4, 0
	if x.sum != nil {
		x.sum.Reset()
		sum = x.sum.Size()
	}
	if !whole || len(x.rest) < end+sum {
		return io.ErrUnexpectedEOF
	}
	settings := lzma.Reader2Config{DictCap: int(max(lzma.MinDictCap, min(dictionary, x.most+1)))}
	x.block, err = settings.NewReader2(bytes.NewReader(x.rest[header : header+content]))
	x.check, x.rest = x.rest[end:end+sum], x.rest[end+sum:]
	return err
}

// verify holds the block's content against its check; sums stand in it with the lowest byte first.
func (x *xzReader) verify() error {
	if x.sum == nil {
		return nil
	}
	sum := x.sum.Sum(nil)
	if len(sum) <= crc64.Size {
		slices.Reverse(sum)
	}
	if !bytes.Equal(sum, x.check) {
		return errors.New("the check of a block doesn't hold")
	}
	return nil
}

// xzDictionary is how many bytes the dictionary of a block has, by the block's header.
func xzDictionary(header []byte) (int64, error) {
	const (
		hasPackedSize, hasSize = 0x40, 0x80
		lzma2                  = 0x21
	)
	fields, sum := header[:len(header)-4], header[len(header)-4:]
	if binary.LittleEndian.Uint32(sum) != crc32.ChecksumIEEE(fields) {
		return 0, fmt.Errorf("a block's header is %w", errXz)
	}
	flags, fields := fields[1], fields[2:]
	if flags&^(hasPackedSize|hasSize) != 0 {
		return 0, errors.New("a block has other filters than LZMA2")
	}
	for _, size := range []byte{hasPackedSize, hasSize} {
		if flags&size == 0 {
			continue
		}
		_, n := binary.Uvarint(fields)
		if n <= 0 {
			return 0, fmt.Errorf("a block's size is %w", errXz)
		}
		fields = fields[n:]
	}
	if len(fields) < 3 || fields[0] != lzma2 || fields[1] != 1 {
		return 0, errors.New("a block has another filter than LZMA2")
	}
	size, err := lzma.DecodeDictCap(fields[2])
	if err != nil {
		return 0, err
	}
	if size > maxDictionary {
		return 0, fmt.Errorf("its dictionary of %d bytes is above %d", size, maxDictionary)
	}
	return size, nil
}

// lzma2Len is how long a sequence of LZMA2's chunks is, with the zero that ends it; false if it isn't whole.
func lzma2Len(chunks []byte) (int, bool) {
	const (
		plain      = 0x02 // the highest of the chunks that aren't packed
		packed     = 0x80
		properties = 0xc0
	)
	at := 0
	for at < len(chunks) {
		control, header := chunks[at], 3
		switch {
		case control == 0:
			return at + 1, true
		case control >= properties:
			header = 6
		case control >= packed:
			header = 5
		case control > plain:
			return at, false
		}
		if len(chunks)-at < header {
			return at, false
		}
		size := binary.BigEndian.Uint16(chunks[at+1:])
		if control >= packed {
			size = binary.BigEndian.Uint16(chunks[at+3:])
		}
		at += header + int(size) + 1
	}
	return at, false
}
