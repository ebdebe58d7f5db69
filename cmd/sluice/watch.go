package main

import (
	"context"
	"io"
	"reflect"
	"time"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
)

// watch asks again every interval and prints the lines that are new or have changed, until ctx ends, which is no error.
func watch(ctx context.Context, fetch func(context.Context) (listing, error), printer *changePrinter, interval time.Duration) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		list, err := fetch(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := printer.print(list); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// changePrinter prints what differs from the listing before. In a format other than a table it prints the items.
type changePrinter struct {
	w       io.Writer
	format  print.Format
	palette print.Palette
	// before holds the lines printed last, by key; nil before the first listing.
	before map[string]row
	// widths are the columns' widths so far: they only grow, so that lines of different times stay aligned.
	widths []int
}

func (p *changePrinter) print(list listing) error {
	changed := listing{}
	now := map[string]row{}
	for _, row := range list.rows {
		now[row.key] = row
		if before, known := p.before[row.key]; !known || !reflect.DeepEqual(before.item, row.item) {
			changed.rows = append(changed.rows, row)
			changed.items = append(changed.items, row.item)
		}
	}
	for key, row := range p.before {
		if _, still := now[key]; !still && p.format.IsTable() {
			changed.rows = append(changed.rows, goneRow(row))
		}
	}
	if p.before == nil {
		changed.header = list.header
	}
	p.before = now
	return p.write(changed)
}

// goneRow shows a line's first columns, which name it, and that it is no more.
func goneRow(row row) row {
	name := min(2, len(row.cells))
	row.cells = append(append([]print.Cell{}, row.cells[:name]...), print.Toned(print.Faint, "gone"))
	return row
}

func (p *changePrinter) write(changed listing) error {
	switch p.format {
	case print.TableFormat, print.WideFormat:
		table := changed.table()
		table.MinWidths = p.widths
		p.widths = table.Widths()
		return table.Write(p.w, p.palette)
	case print.JSONFormat:
		for _, item := range changed.items {
			if err := print.JSON(p.w, item); err != nil {
				return err
			}
		}
		return nil
	default:
		for _, item := range changed.items {
			if _, err := io.WriteString(p.w, "---\n"); err != nil {
				return err
			}
			if err := print.YAML(p.w, item); err != nil {
				return err
			}
		}
		return nil
	}
}
