package oip

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// maxDepth bounds the nesting of JSON values, so that a body of brackets can't
// exhaust the stack. Tensors of onnxruntime and numpy have at most 64 dimensions.
const maxDepth = 128

// scanner reads JSON from a body that is wholly in memory. Its methods leave
// pos behind what they read; after an error pos is of no use. It exists because
// a general decoder boxes every number: here numbers go to their slice at once.
type scanner struct {
	data []byte
	pos  int
	// nulls lets null stand for a missing value among floats and texts.
	nulls bool
}

func (s *scanner) fail(problem string) error {
	return &SyntaxError{Offset: s.pos, Problem: problem}
}

// unexpected describes what stands at pos, where something else was due.
func (s *scanner) unexpected(due string) error {
	if s.pos >= len(s.data) {
		return s.fail("unexpected end, " + due + " expected")
	}
	return s.fail(fmt.Sprintf("unexpected %q, %s expected", s.data[s.pos], due))
}

// peek skips white space and gives the byte after it, or 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\n', '\r', '\t':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// take reads c, with white space before it.
func (s *scanner) take(c byte, due string) error {
	if s.peek() != c {
		return s.unexpected(due)
	}
	s.pos++
	return nil
}

// end demands that nothing but white space is left.
func (s *scanner) end() error {
	if s.peek(); s.pos < len(s.data) {
		return s.unexpected("the end")
	}
	return nil
}

// object reads an object and calls member for each key with pos before the
// value, which member must read. The key shares the body's memory: what is kept of it is a copy.
func (s *scanner) object(member func(key string) error) error {
	if err := s.take('{', "an object"); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.unexpected("a quoted name")
		}
		key, err := s.view()
		if err != nil {
			return err
		}
		if err := s.take(':', `":"`); err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
		done, err := s.next('}')
		if done || err != nil {
			return err
		}
	}
}

// array reads an array and calls element for each, which must read it.
func (s *scanner) array(element func(index int) error) error {
	if err := s.take('[', "an array"); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.pos++
		return nil
	}
	for index := 0; ; index++ {
		if err := element(index); err != nil {
			return err
		}
		done, err := s.next(']')
		if done || err != nil {
			return err
		}
	}
}

// next reads the comma before another member, or the closing bracket.
func (s *scanner) next(closing byte) (done bool, err error) {
	switch s.peek() {
	case ',':
		s.pos++
		return false, nil
	case closing:
		s.pos++
		return true, nil
	default:
		return false, s.unexpected(`"," or "` + string(closing) + `"`)
	}
}

// literal reads word if it stands at pos.
func (s *scanner) literal(word string) bool {
	if rest := s.data[s.pos:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
		s.pos += len(word)
		return true
	}
	return false
}

// skip reads a value of any kind and forgets it.
func (s *scanner) skip() error {
	return s.skipAt(0)
}

func (s *scanner) skipAt(depth int) error {
	if depth > maxDepth {
		return s.fail(fmt.Sprintf("values nested deeper than %d", maxDepth))
	}
	switch c := s.peek(); c {
	case '{':
		return s.object(func(string) error { return s.skipAt(depth + 1) })
	case '[':
		return s.array(func(int) error { return s.skipAt(depth + 1) })
	case '"':
		return s.skipString()
	case 't', 'f', 'n':
		if s.literal("true") || s.literal("false") || s.literal("null") {
			return nil
		}
		return s.unexpected("a value")
	default:
		_, err := s.number()
		return err
	}
}

// str reads a quoted string.
func (s *scanner) str() (string, error) {
	view, err := s.view()
	return strings.Clone(view), err
}

// view reads a quoted string that may share the body's memory.
func (s *scanner) view() (string, error) {
	start := s.pos + 1
	if err := s.skipString(); err != nil {
		return "", err
	}
	raw := s.data[start : s.pos-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return text(raw), nil
	}
	return text(unescape(raw)), nil
}

// skipString finds a string's end and checks what is between.
func (s *scanner) skipString() error {
	start := s.pos
	ascii := true
	for s.pos++; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			if !ascii && !utf8.Valid(s.data[start:s.pos]) {
				s.pos = start
				return s.fail("a string that is not UTF-8 (bytes that are no text travel as binary tensor data)")
			}
			return nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < ' ':
			return s.fail("a control character in a string")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	s.pos = start
	return s.fail("a string without its closing quote")
}

// escape checks the escape sequence at pos and leaves pos on its last byte.
func (s *scanner) escape() error {
	rest := s.data[s.pos:]
	if len(rest) < 2 {
		return s.fail("a string without its closing quote")
	}
	if bytes.IndexByte([]byte(`"\/bfnrt`), rest[1]) >= 0 {
		s.pos++
		return nil
	}
	if rest[1] == 'u' && len(rest) >= 6 {
		if _, ok := hex4(rest[2:6]); ok {
			s.pos += 5
			return nil
		}
	}
	return s.fail("an unknown escape in a string")
}

// unescape resolves the escapes of a checked string. A lone surrogate becomes
// U+FFFD, as in encoding/json.
func unescape(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, read := unicodeEscape(raw[i+1:])
			out = utf8.AppendRune(out, r)
			i += read
		default:
			out = append(out, raw[i])
		}
	}
	return out
}

// unicodeEscape reads the four digits after \u, and a second escape where the
// two are a surrogate pair; it gives the bytes read.
func unicodeEscape(digits []byte) (rune, int) {
	first, _ := hex4(digits)
	if !utf16.IsSurrogate(first) {
		return first, 4
	}
	if len(digits) >= 10 && digits[4] == '\\' && digits[5] == 'u' {
		second, ok := hex4(digits[6:10])
		if r := utf16.DecodeRune(first, second); ok && r != utf8.RuneError {
			return r, 10
		}
	}
	return utf8.RuneError, 4
}

func hex4(digits []byte) (rune, bool) {
	var r rune
	for _, c := range digits[:4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// given quotes the start of the value at pos, for an error.
func (s *scanner) given() string {
	s.peek()
	end := s.pos
	for end < len(s.data) && end-s.pos < 32 && bytes.IndexByte([]byte(",]} \n\r\t"), s.data[end]) < 0 {
		end++
	}
	if s.pos == len(s.data) {
		return "the end of the body"
	}
	return string(bytes.ToValidUTF8(s.data[s.pos:end], []byte("\uFFFD")))
}

// text views bytes as a string without a copy; the bytes must not change while
// it lives.
func text(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}
