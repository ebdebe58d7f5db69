package admin

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

const (
	// maxLine bounds what is held of a line that does not end; a longer one is sent in pieces.
	maxLine = 64 << 10
	// maxTurn bounds what one log may send before the others get their turn.
	maxTurn = 1 << 20
	// block is how much is read at a time when looking for the last lines.
	block = 64 << 10
)

// logFile reads one log in whole lines, each behind a label. It belongs to one goroutine.
type logFile struct {
	file   *os.File
	path   string
	label  string
	reader *bufio.Reader
	// offset is the position in the file up to which reader has given bytes out.
	offset int64
	// line is the beginning of a line whose end has not been written yet.
	line []byte
}

// openLog opens the file at path and stands before its last tail lines ([AllLines]: at the beginning). With bounded,
// what is written after this moment is not read, so that a busy log comes to an end.
func openLog(path, label string, tail int, bounded bool) (*logFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("log %s is not a regular file", path)
	}
	var offset int64
	if err == nil && tail != AllLines {
		offset, err = tailOffset(file, info.Size(), tail)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	end := int64(math.MaxInt64)
	if bounded {
		end = info.Size()
	}
	section := io.NewSectionReader(file, offset, end-offset)
	return &logFile{file: file, path: path, label: label, offset: offset, reader: bufio.NewReaderSize(section, maxLine)}, nil
}

func (f *logFile) close() error { return f.file.Close() }

// replaced says whether path has come to name another file or was emptied, as by a rotation or a restart. While nothing
// is there the open file counts as current.
func (f *logFile) replaced() bool {
	now, err := os.Stat(f.path)
	if err != nil {
		return false
	}
	opened, err := f.file.Stat()
	return err == nil && (!os.SameFile(now, opened) || now.Size() < f.offset)
}

// copyLines writes the whole lines that are there, at most about maxTurn bytes, and says whether it came to the end.
func (f *logFile) copyLines(w io.Writer) (atEnd bool, err error) {
	for written := 0; written < maxTurn; {
		part, err := f.reader.ReadSlice('\n')
		f.line = append(f.line, part...)
		f.offset += int64(len(part))
		switch {
		case err == nil, len(f.line) >= maxLine:
			written += len(f.line)
			if err := f.writeLine(w); err != nil {
				return false, err
			}
		case errors.Is(err, io.EOF):
			return true, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return false, fmt.Errorf("reading log %s: %w", f.path, err)
		}
	}
	return false, nil
}

// finish writes what is left of a line that will not be ended.
func (f *logFile) finish(w io.Writer) error {
	if len(f.line) == 0 {
		return nil
	}
	return f.writeLine(w)
}

func (f *logFile) writeLine(w io.Writer) error {
	line := make([]byte, 0, len(f.label)+len(f.line)+1)
	line = append(append(line, f.label...), f.line...)
	if line[len(line)-1] != '\n' {
		line = append(line, '\n')
	}
	f.line = f.line[:0]
	_, err := w.Write(line)
	return err
}

// tailOffset finds where the last n lines of the first size bytes begin, reading backwards.
func tailOffset(file io.ReaderAt, size int64, n int) (int64, error) {
	if n == 0 {
		return size, nil
	}
	buffer := make([]byte, block)
	newlines := 0
	for end := size; end > 0; {
		start := max(0, end-block)
		piece := buffer[:end-start]
		if _, err := file.ReadAt(piece, start); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if end == size {
			// The newline that ends the last line separates nothing.
			piece = bytes.TrimSuffix(piece, []byte("\n"))
		}
		for i := len(piece) - 1; i >= 0; i-- {
			if piece[i] != '\n' {
				continue
			}
			if newlines++; newlines == n {
				return start + int64(i) + 1, nil
			}
		}
		end = start
	}
	return 0, nil
}
