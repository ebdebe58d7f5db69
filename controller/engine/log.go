package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"unicode/utf8"
)

func (c *container) logFile() string {
	return filepath.Join(c.pod.logDir, c.spec.Name+".log")
}

func (c *container) previousLogFile() string {
	return filepath.Join(c.pod.logDir, c.spec.Name+".previous.log")
}

// rotateLog puts what the last process wrote apart, for the next one to have a log of its own. It is called as late as can
// be: while a container waits to be started again, its log is that of the process that ended.
func (c *container) rotateLog() error {
	if !c.logUsed {
		return nil
	}
	err := os.Rename(c.logFile(), c.previousLogFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put the log of the process before apart: %w", err)
	}
	c.logUsed = false
	if err == nil {
		c.set(func(s *ContainerState) { s.PreviousLogFile = c.previousLogFile() })
	}
	return nil
}

// lastWords is what a process said of its end, fit to be shown: of its log after from, without secrets, with the user's
// paths in place of those that sluice made up.
func (c *container) lastWords(l launch, from int64) string {
	return keepEnd(c.hide(l.names.show(tellingLine(logEnd(l.command.logFile, from)))))
}

func fileSize(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// logEnd is the end of a file after from, some 16 KiB: a stack trace stands after its cause.
func logEnd(name string, from int64) []byte {
	const tail = 16 << 10
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	begin := max(from, fileSize(name)-tail)
	data, err := io.ReadAll(io.NewSectionReader(f, begin, tail))
	if err != nil {
		return nil
	}
	// Half a line may begin with half a secret, which nothing would know.
	if _, whole, more := bytes.Cut(data, []byte("\n")); begin > from && more {
		return whole
	}
	return data
}

// complaint is how programs begin or mark a line that says what went wrong: words as they stand in text, JSON and key=value
// logs, and the names of Python's and Java's exceptions.
var complaint = regexp.MustCompile(`(?i:\b(error|fatal|panic|critical|exception|failed|failure|cannot|can't|could not|abort(ed)?)\b)|[a-z](Error|Exception)\b`)

// tellingLine is the last line that looks like an error, or else the last one that is not empty.
func tellingLine(log []byte) string {
	var last []byte
	lines := bytes.Split(log, []byte("\n"))
	for i := len(lines) - 1; i >= 0; i-- {
		line := bytes.TrimSpace(lines[i])
		if complaint.Match(line) {
			return string(bytes.ToValidUTF8(line, nil))
		}
		if last == nil && len(line) > 0 {
			last = line
		}
	}
	return string(bytes.ToValidUTF8(last, nil))
}

// keepEnd shortens a line to what a message has room for. The end stays: programs say first where, and then why.
func keepEnd(line string) string {
	const limit = 400
	if len(line) <= limit {
		return line
	}
	start := len(line) - limit
	for start < len(line) && !utf8.RuneStart(line[start]) {
		start++
	}
	return "…" + line[start:]
}
