package pickle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// cursor is the place in the file's content.
type cursor struct {
	data []byte
	pos  int
}

func (c *cursor) fail(format string, args ...any) error {
	return &FormatError{Offset: int64(c.pos), Problem: fmt.Sprintf(format, args...)}
}

// take gives the next n bytes in place.
func (c *cursor) take(n uint64) ([]byte, error) {
	if left := uint64(len(c.data) - c.pos); n > left {
		return nil, c.fail("the file is cut off: %d bytes are announced and %d are there", n, left)
	}
	from := c.pos
	c.pos += int(n)
	return c.data[from:c.pos:c.pos], nil
}

func (c *cursor) byte() (byte, error) {
	b, err := c.take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// uint reads a little-endian number of size bytes.
func (c *cursor) uint(size int) (uint64, error) {
	b, err := c.take(uint64(size))
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	return binary.LittleEndian.Uint64(wide[:]), nil
}

// sized reads a length of size bytes and then as many bytes. The length of four bytes of the oldest opcodes is signed.
func (c *cursor) sized(size int) ([]byte, error) {
	n, err := c.uint(size)
	if err != nil {
		return nil, err
	}
	if n > math.MaxInt64 {
		return nil, c.fail("a length of %d bytes", n)
	}
	return c.take(n)
}

// line reads up to the next line feed, which it leaves out.
func (c *cursor) line() (string, error) {
	end := bytes.IndexByte(c.data[c.pos:], '\n')
	if end < 0 {
		return "", c.fail("the file is cut off within a line")
	}
	b, err := c.take(uint64(end + 1))
	if err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(b[:end], []byte("\r"))), nil
}
