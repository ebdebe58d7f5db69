package pickle_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

// xzOf packs content in blocks of a size.
func xzOf(t *testing.T, content []byte, settings xz.WriterConfig) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := settings.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// text is a pickle of a text, which compresses and is longer than some blocks.
func text(n int) []byte {
	content := binary.LittleEndian.AppendUint32([]byte{'X'}, uint32(n))
	for i := range n {
		content = append(content, 'a'+byte(i*i%23))
	}
	return append(content, '.')
}

func TestXzOfAnyCheckAndManyBlocksIsRead(t *testing.T) {
	t.Parallel()
	content := text(300_000)
	for name, settings := range map[string]xz.WriterConfig{
		"CRC-32": {CheckSum: xz.CRC32}, "CRC-64": {CheckSum: xz.CRC64}, "SHA-256": {CheckSum: xz.SHA256}, "no check": {NoCheckSum: true},
		"blocks": {CheckSum: xz.CRC64, BlockSize: 70_001},
	} {
		packed := xzOf(t, content, settings)
		v, err := pickle.Read(packed, pickle.Limits{})
		if err != nil || v != string(content[5:len(content)-1]) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := pickle.Read(packed[:len(packed)-1], pickle.Limits{}); !errors.Is(err, io.ErrUnexpectedEOF) && !isFormat(err) {
			t.Errorf("%s, cut off: %v", name, err)
		}
		packed[len(packed)/2] ^= 1
		if _, err := pickle.Read(packed, pickle.Limits{}); !isFormat(err) {
			t.Errorf("%s, damaged: %v", name, err)
		}
	}
}

func isFormat(err error) bool {
	var format *pickle.FormatError
	return errors.As(err, &format)
}

// TestADictionaryOfALaterBlockIsBounded asks for 4 GiB in the last of several blocks, whose header is otherwise as it should be.
func TestADictionaryOfALaterBlockIsBounded(t *testing.T) {
	t.Parallel()
	packed := xzOf(t, text(100_000), xz.WriterConfig{CheckSum: xz.CRC64, BlockSize: 30_000})
	filter, last := []byte("\x21\x01"), -1
	for at := 12; at < len(packed)-20; at++ {
		size := 4 * (int(packed[at]) + 1)
		if at%4 == 0 && packed[at] > 0 && at+size < len(packed) && binary.LittleEndian.Uint32(packed[at+size-4:]) == crc32.ChecksumIEEE(packed[at:at+size-4]) {
			last = at
		}
	}
	size := 4 * (int(packed[last]) + 1)
	place := bytes.LastIndex(packed[last:last+size-4], filter)
	if last <= 12 || place < 0 {
		t.Fatal("no later block is found")
	}
	packed[last+place+2] = 40
	binary.LittleEndian.PutUint32(packed[last+size-4:], crc32.ChecksumIEEE(packed[last:last+size-4]))
	_, err := pickle.Read(packed, pickle.Limits{})
	if !isFormat(err) || !strings.Contains(err.Error(), "dictionary of 4294967295 bytes") {
		t.Errorf("%v", err)
	}
}
