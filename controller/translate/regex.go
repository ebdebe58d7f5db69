package translate

import (
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sluice-serving/sluice/xds/ir"
)

// checkRegex reads an expression as Envoy will, and bounds it.
func checkRegex(field, expression string, maxLength int) *problem {
	switch {
	case expression == "":
		return problemf(`%s: the expression is empty, and Envoy takes none that is: write ".*" for any value`, field)
	case len(expression) > maxLength:
		return problemf("%s: the expression is longer than %d bytes", field, maxLength)
	}
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return problemf("%s %q is not an RE2 expression: %v", field, expression, err)
	}
	if name := unknownClass(expression); name != "" {
		return problemf("%s %q: RE2 has no class %q: use a general category such as L or Nd, or a script such as Greek", field, expression, name)
	}
	if size := programSize(parsed); size > ir.MaxRegexProgram {
		return problemf("%s %q is too large when written out (%d steps, at most %d): use fewer or smaller repetitions", field, expression, size, ir.MaxRegexProgram)
	}
	return nil
}

// unknownClass gives the first name of a Unicode class that Go's parser knows and RE2 does not: Go takes long names and any
// spelling as well. What stands between \Q and \E is held to the same.
func unknownClass(expression string) string {
	for {
		_, rest, found := strings.Cut(expression, `\`)
		if !found || rest == "" {
			return ""
		}
		expression = rest[1:]
		if rest[0] != 'p' && rest[0] != 'P' {
			continue
		}
		name, _, isLong := strings.Cut(expression, "}")
		if !isLong || name == "" || name[0] != '{' {
			continue // A single letter, which Go has read as a category.
		}
		name = strings.TrimPrefix(name[1:], "^")
		_, isScript := unicode.Scripts[name]
		_, isCategory := unicode.Categories[name]
		if !isScript && !isCategory && name != "Any" || name == "Cn" || name == "LC" {
			return name
		}
	}
}

// programSize bounds from above what RE2 makes of an expression, in instructions, without compiling it: \pL{1000} is short to
// write and has some 600,000. The parser has bounded its depth, and the product of nested repetitions to 1,000.
func programSize(re *syntax.Regexp) int {
	const frame = 8 // RE2's own beginning and end
	return frame + regexSize(re)
}

func regexSize(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return literalSize(re)
	case syntax.OpCharClass:
		size := 1
		for i := 0; i+1 < len(re.Rune); i += 2 {
			size += rangeSize(re.Rune[i], re.Rune[i+1])
		}
		return size
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1 + rangeSize(0, unicode.MaxRune)
	}
	size := 2
	for _, sub := range re.Sub {
		size += 1 + regexSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(1, re.Min, re.Max)
	}
	return size
}

func literalSize(re *syntax.Regexp) int {
	size := 0
	for _, r := range re.Rune {
		size += utf8.RuneLen(r)
		if re.Flags&syntax.FoldCase == 0 {
			continue
		}
		// The other spellings are a class; those of ASCII letters are one instruction, but for the two that have more.
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if other >= utf8.RuneSelf {
				size += 1 + utf8.RuneLen(other)
			}
		}
	}
	return size
}

// rangeSize bounds the instructions of a range of characters, which RE2 compiles to ranges of bytes: beyond ASCII at most
// three sequences for each byte of the longest.
func rangeSize(low, high rune) int {
	switch {
	case high < utf8.RuneSelf:
		return 1
	case low < utf8.RuneSelf:
		return 1 + rangeSize(utf8.RuneSelf, high)
	case low == high:
		return utf8.RuneLen(high)
	case low == utf8.RuneSelf && high == unicode.MaxRune:
		return 12
	}
	length := max(2, utf8.RuneLen(high))
	return 3 * length
}
