package server

import "strings"

// split divides the names of a refused response into groups to try one after the other. Those that Envoy's
// error text names are tried singly after all the others; if it names none, or all, the response is halved.
// The text is a hint only: a resource is set aside when it has been refused alone.
func split(names []string, reason string) [][]string {
	var suspects [][]string
	var others []string
	for _, name := range names {
		if mentions(reason, name) {
			suspects = append(suspects, []string{name})
		} else {
			others = append(others, name)
		}
	}
	if len(suspects) == 0 || len(others) == 0 {
		half := len(names) / 2
		return [][]string{names[:half], names[half:]}
	}
	return append([][]string{others}, suspects...)
}

// mentions says whether text has name as a whole word: "a/b" is not mentioned by "a/b-2".
func mentions(text, name string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], name)
		if at < 0 {
			return false
		}
		start, end := from+at, from+at+len(name)
		if !inName(text, start-1) && !continues(text, end) {
			return true
		}
		from = start + 1
	}
}

// continues says whether the character at i carries a name on. A dot or colon does so only inside a word: at
// the end of one it is punctuation.
func continues(text string, i int) bool {
	if i < len(text) && (text[i] == '.' || text[i] == ':') {
		return inName(text, i+1)
	}
	return inName(text, i)
}

func inName(text string, i int) bool {
	if i < 0 || i >= len(text) {
		return false
	}
	c := text[i]
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_/.*", c) >= 0
}
