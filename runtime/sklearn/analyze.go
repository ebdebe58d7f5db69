package sklearn

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

// analyzer takes a document apart into terms: words or characters, or runs of several.
type analyzer struct {
	lower     bool
	accents   string // "", unicode or ascii
	kind      string // word, char or char_wb
	low, high int    // how many words or characters make a term
	stop      map[string]bool
	least     int            // with no pattern: the fewest characters of a word
	pattern   *regexp.Regexp // with one group or none
}

// terms is memory that one document after another uses.
type terms struct {
	words  []string
	starts []int
	joined []byte
	// entries are a row's, while it is sorted.
	entries []entry
}

func (a *attrs) analyzer() *analyzer {
	z := &analyzer{lower: a.flag("lowercase", true), accents: a.text("strip_accents", ""), kind: a.text("analyzer", ""), low: 1, high: 1}
	switch {
	case z.kind != "word" && z.kind != "char" && z.kind != "char_wb":
		a.refuse("an analyzer of its own")
	case a.value("preprocessor") != nil:
		a.refuse("a preprocessor of its own")
	case a.value("tokenizer") != nil && z.kind == "word":
		a.refuse("a tokenizer of its own")
	case a.text("input", "content") != "content":
		a.refuse("input from files")
	case a.value("strip_accents") != nil && z.accents != "unicode" && z.accents != "ascii":
		a.refuse("a function of its own for strip_accents")
	}
	if pair := a.items("ngram_range"); len(pair) == 2 {
		low, _ := pickle.Int(pair[0])
		high, _ := pickle.Int(pair[1])
		z.low, z.high = int(low), int(high)
	}
	if z.low < 1 || z.high < z.low || z.high > 1000 {
		a.fail("ngram_range", "(%d, %d)", z.low, z.high)
	}
	if z.kind == "word" {
		z.stop = a.stopWords()
		a.tokenPattern(z)
	}
	return z
}

// tokenPattern reads the pattern of a word. Python's \w and \b know all letters, RE2's \b only those of ASCII: the usual patterns are walked by
// hand, others are translated if they have no \b.
func (a *attrs) tokenPattern(z *analyzer) {
	text := a.text("token_pattern", `(?u)\b\w\w+\b`)
	plain := strings.TrimPrefix(text, "(?u)")
	switch plain {
	case `\b\w\w+\b`, `\w\w+`, `\b\w{2,}\b`, `\w{2,}`:
		z.least = 2
		return
	case `\b\w+\b`, `\w+`:
		z.least = 1
		return
	case `\b\w\w\w+\b`, `\b\w{3,}\b`, `\w{3,}`:
		z.least = 3
		return
	}
	if strings.Contains(plain, `\b`) || strings.Contains(plain, `\B`) {
		a.refuse("token_pattern " + text)
		return
	}
	pattern, err := regexp.Compile(translated(plain))
	if err != nil || pattern.NumSubexp() > 1 {
		a.refuse("token_pattern " + text)
		return
	}
	z.pattern = pattern
}

// translated gives RE2 the classes of characters that Python means.
func translated(pattern string) string {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		if c != '\\' || i+1 == len(pattern) {
			switch c {
			case '[':
				inClass = true
			case ']':
				inClass = false
			}
			b.WriteByte(c)
			continue
		}
		i++
		class := map[byte]string{'w': `\p{L}\p{N}_`, 'd': `\p{Nd}`, 's': `\s\v\x{85}\x{a0}\p{Z}\x{1c}-\x{1f}`}[pattern[i]|0x20]
		switch upper := pattern[i] < 'a'; {
		case class == "" || (inClass && upper):
			b.WriteString(pattern[i-1 : i+1])
		case inClass:
			b.WriteString(class)
		case upper:
			b.WriteString("[^" + class + "]")
		default:
			b.WriteString("[" + class + "]")
		}
	}
	return b.String()
}

// each visits the terms of a document.
func (z *analyzer) each(text string, t *terms, visit func([]byte)) {
	if z.lower {
		text = lowered(text)
	}
	if z.accents != "" {
		text = stripped(text, z.accents == "ascii")
	}
	switch z.kind {
	case "char":
		z.characters(spaced(text), t, visit)
	case "char_wb":
		for _, word := range strings.FieldsFunc(spaced(text), isSpace) {
			z.withinWord(" "+word+" ", t, visit)
		}
	default:
		z.wordTerms(text, t, visit)
	}
}

func (z *analyzer) wordTerms(text string, t *terms, visit func([]byte)) {
	t.words = t.words[:0]
	z.words(text, func(word string) {
		if !z.stop[word] {
			t.words = append(t.words, word)
		}
	})
	for n := z.low; n <= min(z.high, len(t.words)); n++ {
		for i := range len(t.words) - n + 1 {
			t.joined = t.joined[:0]
			for k, word := range t.words[i : i+n] {
				if k > 0 {
					t.joined = append(t.joined, ' ')
				}
				t.joined = append(t.joined, word...)
			}
			visit(t.joined)
		}
	}
}

func (z *analyzer) words(text string, visit func(string)) {
	if z.pattern != nil {
		for _, at := range z.pattern.FindAllStringSubmatchIndex(text, -1) {
			from, to := at[len(at)-2], at[len(at)-1]
			if from < 0 {
				from, to = 0, 0
			}
			visit(text[from:to])
		}
		return
	}
	from, length := 0, 0
	for i, r := range text {
		if isWord(r) {
			if length == 0 {
				from = i
			}
			length++
			continue
		}
		if length >= z.least {
			visit(text[from:i])
		}
		length = 0
	}
	if length >= z.least {
		visit(text[from:])
	}
}

// isWord is Python's \w.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

// isSpace is Python's \s.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// runes marks where characters begin.
func (t *terms) runes(text string) {
	t.starts = t.starts[:0]
	for i := range text {
		t.starts = append(t.starts, i)
	}
	t.starts = append(t.starts, len(text))
	t.joined = append(t.joined[:0], text...)
}

func (z *analyzer) characters(text string, t *terms, visit func([]byte)) {
	t.runes(text)
	length := len(t.starts) - 1
	for n := z.low; n <= min(z.high, length); n++ {
		for i := range length - n + 1 {
			visit(t.joined[t.starts[i]:t.starts[i+n]])
		}
	}
}

// withinWord counts a word that is shorter than a term once.
func (z *analyzer) withinWord(word string, t *terms, visit func([]byte)) {
	t.runes(word)
	length := len(t.starts) - 1
	for n := z.low; n <= z.high; n++ {
		if n >= length {
			visit(t.joined)
			return
		}
		for i := range length - n + 1 {
			visit(t.joined[t.starts[i]:t.starts[i+n]])
		}
	}
}

// spaced puts one space for two or more white characters, which is what the library's pattern of spaces matches.
func spaced(text string) string {
	var b strings.Builder
	run, first := 0, rune(0)
	end := func() {
		switch run {
		case 0:
		case 1:
			b.WriteRune(first)
		default:
			b.WriteByte(' ')
		}
		run = 0
	}
	for _, r := range text {
		if isSpace(r) {
			if run == 0 {
				first = r
			}
			run++
			continue
		}
		end()
		b.WriteRune(r)
	}
	end()
	return b.String()
}

// lowered is Python's str.lower: it differs from Go's at two letters.
func lowered(text string) string {
	if !strings.ContainsAny(text, "\u0130\u03a3") {
		return strings.ToLower(text)
	}
	var b strings.Builder
	runes := []rune(text)
	for i, r := range runes {
		switch {
		case r == '\u0130':
			b.WriteString("i\u0307")
		case r == '\u03a3' && endsWord(runes, i):
			b.WriteRune('\u03c2')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// endsWord says whether a sigma is a word's last letter, where it has another form.
func endsWord(runes []rune, at int) bool {
	cased := func(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) }
	ignored := func(r rune) bool {
		return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) || r == '\'' || r == '.' || r == ':' || r == '\u00b7' || r == '\u2019'
	}
	before := at - 1
	for before >= 0 && ignored(runes[before]) {
		before--
	}
	after := at + 1
	for after < len(runes) && ignored(runes[after]) {
		after++
	}
	return before >= 0 && cased(runes[before]) && (after == len(runes) || !cased(runes[after]))
}

// stripped takes accents off: decomposes characters and leaves out those that combine, or all that aren't ASCII.
func stripped(text string, ascii bool) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		if r < utf8.RuneSelf || (!ascii && norm.NFKD.PropertiesString(string(r)).CCC() == 0) {
			b.WriteRune(r)
		}
	}
	return b.String()
}
