package print

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Tone is what a piece of text means; a terminal shows it as a colour.
type Tone int

// The tones.
const (
	// Plain has no colour.
	Plain Tone = iota
	// Good is green.
	Good
	// Bad is red.
	Bad
	// Waiting is yellow: neither good nor bad yet.
	Waiting
	// Faint is for what matters less.
	Faint
	// Strong is for headings.
	Strong
)

// Palette colours text, or leaves it alone. The zero value leaves it alone.
type Palette struct{ colours bool }

// PaletteFor gives a palette with colours if w is a terminal that takes them: NO_COLOR is unset or empty and TERM is
// not "dumb".
func PaletteFor(w io.Writer, getenv func(string) string) Palette {
	file, ok := w.(*os.File)
	return Palette{colours: ok && term.IsTerminal(int(file.Fd())) && wantsColour(getenv)}
}

func wantsColour(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// Paint gives text in a tone.
func (p Palette) Paint(tone Tone, text string) string {
	code := tone.code()
	if !p.colours || code == "" || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// code is the ANSI "select graphic rendition" parameter.
func (t Tone) code() string {
	switch t {
	case Good:
		return "32"
	case Bad:
		return "31"
	case Waiting:
		return "33"
	case Faint:
		return "2"
	case Strong:
		return "1"
	default:
		return ""
	}
}
