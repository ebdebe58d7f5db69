package engine

import "strings"

// expand replaces $(NAME) by lookup's value, as Kubernetes does in command, args and env: an unknown name and an unclosed
// parenthesis stay as they are, "$$" is an escaped "$", and every other "$" is an ordinary character.
func expand(s string, lookup func(name string) (string, bool)) string {
	var out strings.Builder
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 || i+1 == len(s) {
			out.WriteString(s)
			return out.String()
		}
		out.WriteString(s[:i])
		rest := s[i+1:]
		text, used := reference(rest, lookup)
		out.WriteString(text)
		s = rest[used:]
	}
}

// reference reads what follows a "$": the text that takes the place of both, and how many bytes it used.
func reference(rest string, lookup func(string) (string, bool)) (text string, used int) {
	switch rest[0] {
	case '$':
		return "$", 1
	case '(':
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return "$(", 1
		}
		if value, ok := lookup(rest[1:end]); ok {
			return value, end + 1
		}
		return "$" + rest[:end+1], end + 1
	default:
		return "$" + rest[:1], 1
	}
}

// expandAll expands each of the given strings.
func expandAll(texts []string, values map[string]string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = expand(text, lookupIn(values))
	}
	return out
}

// lookupIn gives a function that expand takes.
func lookupIn(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { value, ok := values[name]; return value, ok }
}
