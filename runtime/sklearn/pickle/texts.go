package pickle

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

func (m *machine) stepText(op byte) (bool, error) {
	switch op {
	case opString, opUnicode:
		return true, m.lineText(op)
	case opBinUnicode:
		return true, m.sizedText(4)
	case opShortBinUnicode:
		return true, m.sizedText(1)
	case opBinUnicode8:
		return true, m.sizedText(8)
	case opBinString: // of Python 2: bytes in no known encoding, kept as they are
		return true, m.sizedText(4)
	case opShortBinString:
		return true, m.sizedText(1)
	case opBinBytes:
		return true, m.sizedBytes(4)
	case opShortBinBytes:
		return true, m.sizedBytes(1)
	case opBinBytes8, opByteArray8:
		return true, m.sizedBytes(8)
	default:
		return false, nil
	}
}

func (m *machine) sizedText(size int) error {
	raw, err := m.cursor.sized(size)
	if err != nil {
		return err
	}
	return m.container(string(raw), textCost+len(raw))
}

// sizedBytes shares the file's memory: what arrays are made of may be large.
func (m *machine) sizedBytes(size int) error {
	raw, err := m.cursor.sized(size)
	if err != nil {
		return err
	}
	return m.container(raw, textCost)
}

// lineText reads texts of protocol 0: Python's repr of a str, or raw-unicode-escape.
func (m *machine) lineText(op byte) error {
	line, err := m.cursor.line()
	if err != nil {
		return err
	}
	if op == opUnicode {
		return m.container(unescape(line), textCost+len(line))
	}
	if len(line) < 2 || line[0] != line[len(line)-1] || (line[0] != '\'' && line[0] != '"') {
		return m.cursor.fail("a text without its quotes")
	}
	text, err := unquote(line[1 : len(line)-1])
	if err != nil {
		return m.cursor.fail("a text that can't be read: %v", err)
	}
	return m.container(text, textCost+len(line))
}

// unescape undoes raw-unicode-escape: \uXXXX and \UXXXXXXXX stand for a character, every other byte is one of Latin-1.
func unescape(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' && i+1 < len(line) {
			digits := map[byte]int{'u': 4, 'U': 8}[line[i+1]]
			if digits > 0 && i+2+digits <= len(line) {
				if code, err := strconv.ParseUint(line[i+2:i+2+digits], 16, 32); err == nil && code <= utf8.MaxRune {
					b.WriteRune(rune(code))
					i += 1 + digits
					continue
				}
			}
		}
		b.WriteRune(rune(line[i]))
	}
	return b.String()
}

// unquote undoes the escapes of Python's repr of bytes.
func unquote(text string) (string, error) {
	var b strings.Builder
	for len(text) > 0 {
		if text[0] != '\\' {
			b.WriteByte(text[0])
			text = text[1:]
			continue
		}
		r, multibyte, rest, err := strconv.UnquoteChar(text, 0)
		switch {
		case err == nil && multibyte:
			b.WriteRune(r)
		case err == nil:
			b.WriteByte(byte(r))
		case strings.HasPrefix(text, `\'`) || strings.HasPrefix(text, `\"`):
			b.WriteByte(text[1])
			rest = text[2:]
		default:
			return "", err
		}
		text = rest
	}
	return b.String(), nil
}
