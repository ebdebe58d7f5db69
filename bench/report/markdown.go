package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Markdown gives the report as a page.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmark %s\n\n", r.Bench)
	fmt.Fprintf(&b, "%s, commit %s, on %s.\n\n", r.Origin.Date.UTC().Format(time.DateOnly), r.Origin.Commit, r.Origin.Machine)
	ratios := Table{Columns: []string{"key", "what", "ours", "peer", "unit", "ratio: median of the rounds' own", "min to max over the rounds", "aim"}}
	for _, ratio := range r.Ratios {
		aim := ""
		if ratio.Aim != 0 {
			aim = number(ratio.Aim)
		}
		ratios.Rows = append(ratios.Rows, []string{
			"`" + ratio.Key + "`", ratio.About, number(ratio.Ours), number(ratio.Peer), ratio.Unit,
			number(ratio.Ratio), number(ratio.Min) + " to " + number(ratio.Max), aim,
		})
	}
	if len(ratios.Rows) > 0 {
		ratios.write(&b)
	}
	for _, note := range r.Notes {
		b.WriteString(note + "\n\n")
	}
	for _, table := range r.Tables {
		fmt.Fprintf(&b, "## %s\n\n", table.Title)
		table.write(&b)
	}
	fmt.Fprintf(&b, "![plots](%s.png)\n", r.Bench)
	return b.String()
}

func (t Table) write(b *strings.Builder) {
	row := func(cells []string) {
		b.WriteString("|")
		for _, cell := range cells {
			// A bar would begin another cell, a line break another row.
			b.WriteString(" " + strings.NewReplacer("|", `\|`, "\n", " ").Replace(cell) + " |")
		}
		b.WriteString("\n")
	}
	row(t.Columns)
	b.WriteString("|" + strings.Repeat("---|", len(t.Columns)) + "\n")
	for _, cells := range t.Rows {
		row(cells)
	}
	b.WriteString("\n")
}

// number writes four digits, never with an exponent.
func number(x float64) string { return strconv.FormatFloat(round(x), 'f', -1, 64) }
