// Package report writes a benchmark's results: NAME.json with the ratios, for machines; NAME.md with these and the
// benchmark's own tables, for people; and NAME.png with its plots.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sluice-serving/sluice/bench/rounds"
)

// Report is what a benchmark found.
type Report struct {
	// Bench is the benchmark's name, and that of its files.
	Bench string
	// Origin is where the numbers come from.
	Origin Origin
	Ratios []Ratio
	// Notes are paragraphs that say how it was measured.
	Notes  []string
	Tables []Table
	Plots  []Plot
}

// Ratio compares ours with a peer; above 1 ours is better.
type Ratio struct {
	// Key is its name in the JSON file.
	Key string
	// About says what is compared with what.
	About string
	// Aim is the ratio that is wanted; 0 if there is none.
	Aim float64
	// Unit is that of Ours and Peer.
	Unit string
	rounds.Comparison
}

// Table is shown as it stands.
type Table struct {
	Title   string
	Columns []string
	Rows    [][]string
}

// Plot is a diagram of lines. Both axes are logarithmic where Log says so; then nothing may be 0.
type Plot struct {
	Title, X, Y string
	Log         bool
	Lines       []Line
}

// Line is one line of a plot.
type Line struct {
	Name   string
	Points []Point
}

// Point is one point of a line.
type Point struct{ X, Y float64 }

// Write writes the report's files into dir, which is made if it isn't there.
func (r *Report) Write(dir string) error {
	machine, err := r.json()
	if err != nil {
		return err
	}
	picture, err := r.picture()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // results are for everybody
		return err
	}
	var errs []error
	for ending, data := range map[string][]byte{".json": machine, ".md": []byte(r.Markdown()), ".png": picture} {
		errs = append(errs, os.WriteFile(filepath.Join(dir, r.Bench+ending), data, 0o644)) //nolint:gosec // results are for everybody
	}
	return errors.Join(errs...)
}

// wire and wireRatio are the JSON file.
type wire struct {
	Bench   string               `json:"bench"`
	Commit  string               `json:"commit"`
	Machine string               `json:"machine"`
	Date    string               `json:"date"`
	Ratios  map[string]wireRatio `json:"ratios"`
}

type wireRatio struct {
	Ours  float64 `json:"ours"`
	Peer  float64 `json:"peer"`
	Unit  string  `json:"unit"`
	Ratio float64 `json:"ratio"`
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
}

func (r *Report) json() ([]byte, error) {
	out := wire{
		Bench: r.Bench, Commit: r.Origin.Commit, Machine: r.Origin.Machine,
		Date: r.Origin.Date.UTC().Format(time.RFC3339), Ratios: map[string]wireRatio{},
	}
	for _, ratio := range r.Ratios {
		if _, twice := out.Ratios[ratio.Key]; twice {
			return nil, fmt.Errorf("benchmark %s: two ratios are called %s", r.Bench, ratio.Key)
		}
		out.Ratios[ratio.Key] = wireRatio{
			Ours: round(ratio.Ours), Peer: round(ratio.Peer), Unit: ratio.Unit,
			Ratio: round(ratio.Ratio), Min: round(ratio.Min), Max: round(ratio.Max),
		}
	}
	data, err := json.MarshalIndent(out, "", "  ")
	return append(data, '\n'), err
}

// round keeps four digits: what a benchmark measures has no more.
func round(x float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	if err != nil {
		return x // not a number, or infinite: json says so
	}
	return short
}
