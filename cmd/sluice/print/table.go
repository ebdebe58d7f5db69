package print

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// gap is the number of spaces between columns.
const gap = 3

// Cell is one field of a table.
type Cell struct {
	Text string
	Tone Tone
}

// Text makes a cell without colour.
func Text(text string) Cell { return Cell{Text: text} }

// Toned makes a cell in a tone.
func Toned(tone Tone, text string) Cell { return Cell{Text: text, Tone: tone} }

// Table is rows under a heading. A row may be shorter than the heading. An empty cell is shown as "-".
type Table struct {
	Header []string
	Rows   [][]Cell
	// MinWidths are the least widths of the first columns, in runes.
	MinWidths []int
}

// Write writes the table with each column as wide as its widest cell, without borders and without spaces at the ends of
// lines. The text of a cell is cleaned, see [Clean].
func (t Table) Write(w io.Writer, palette Palette) error {
	widths := t.Widths()
	out := bufio.NewWriter(w)
	if len(t.Header) > 0 {
		header := make([]Cell, len(t.Header))
		for i, name := range t.Header {
			header[i] = Toned(Strong, name)
		}
		writeRow(out, header, widths, palette)
	}
	for _, row := range t.Rows {
		writeRow(out, row, widths, palette)
	}
	return out.Flush()
}

// Widths gives each column's width in runes.
func (t Table) Widths() []int {
	widths := slices.Clone(t.MinWidths)
	fit := func(column int, text string) {
		if column == len(widths) {
			widths = append(widths, 0)
		}
		widths[column] = max(widths[column], utf8.RuneCountInString(shown(text)))
	}
	for i, name := range t.Header {
		fit(i, name)
	}
	for _, row := range t.Rows {
		for i, cell := range row {
			fit(i, cell.Text)
		}
	}
	return widths
}

// writeRow leaves write errors to the flush of its writer, which keeps the first of them.
func writeRow(out *bufio.Writer, row []Cell, widths []int, palette Palette) {
	for i, cell := range row {
		text := shown(cell.Text)
		_, _ = out.WriteString(palette.Paint(cell.Tone, text))
		if i < len(row)-1 {
			_, _ = out.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+gap))
		}
	}
	_ = out.WriteByte('\n')
}

func shown(text string) string {
	if text == "" {
		return "-"
	}
	return Clean(text)
}

// Clean makes text safe to show on one line of a terminal: whatever is not printable, line breaks and the escape
// character among it, becomes a space. Messages come from model servers and manifests, which must not move the cursor.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}
