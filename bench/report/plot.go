package report

import (
	"bytes"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// The size of one diagram; they stand side by side.
const (
	plotWidth  = 14 * vg.Centimeter
	plotHeight = 10 * vg.Centimeter
)

// picture draws the ratios and every plot, as PNG.
func (r *Report) picture() ([]byte, error) {
	var diagrams []*plot.Plot
	if len(r.Ratios) > 0 {
		diagram, err := ratioDiagram(r.Ratios)
		if err != nil {
			return nil, err
		}
		diagrams = append(diagrams, diagram)
	}
	for _, p := range r.Plots {
		diagram, err := p.diagram()
		if err != nil {
			return nil, fmt.Errorf("plot %q: %w", p.Title, err)
		}
		diagrams = append(diagrams, diagram)
	}
	if len(diagrams) == 0 {
		return nil, fmt.Errorf("benchmark %s has nothing to draw: no ratio and no plot", r.Bench)
	}
	canvas := vgimg.New(plotWidth*vg.Length(len(diagrams)), plotHeight)
	tiles := draw.Tiles{Cols: len(diagrams), Rows: 1, PadX: vg.Centimeter, PadTop: 4 * vg.Millimeter, PadBottom: 4 * vg.Millimeter, PadLeft: 4 * vg.Millimeter, PadRight: 4 * vg.Millimeter}
	for i, column := range plot.Align([][]*plot.Plot{diagrams}, tiles, draw.New(canvas))[0] {
		diagrams[i].Draw(column)
	}
	var out bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// ratioDiagram draws each ratio with its least and greatest round, a line at 1 and the aims. The keys stand one below the
// other, where long ones have room.
func ratioDiagram(ratios []Ratio) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = "ratios: above 1 ours is better"
	p.X.Min, p.X.Max = 0, 1.1
	p.Y.Min, p.Y.Max = -0.5, float64(len(ratios))-0.5
	bars := make(ratioBars, len(ratios))
	names := make([]string, len(ratios))
	var aims plotter.XYs
	for i, ratio := range ratios {
		// The first one stands on top.
		y := len(ratios) - 1 - i
		bars[y], names[y] = ratio, ratio.Key
		if ratio.Aim != 0 {
			aims = append(aims, plotter.XY{X: ratio.Aim, Y: float64(y)})
		}
		p.X.Max = max(p.X.Max, 1.1*ratio.Max)
	}
	even, err := plotter.NewLine(plotter.XYs{{X: 1, Y: p.Y.Min}, {X: 1, Y: p.Y.Max}})
	if err != nil {
		return nil, err
	}
	even.Dashes = plotutil.Dashes(1)
	spread, err := plotter.NewXErrorBars(bars)
	if err != nil {
		return nil, err
	}
	middles, err := plotter.NewScatter(bars)
	if err != nil {
		return nil, err
	}
	middles.Shape, middles.Color = draw.CircleGlyph{}, plotutil.Color(0)
	p.Add(plotter.NewGrid(), even, spread, middles)
	p.Legend.Left = true
	p.Legend.Add("measured, least to greatest round", middles)
	if len(aims) > 0 {
		wanted, err := plotter.NewScatter(aims)
		if err != nil {
			return nil, err
		}
		wanted.Shape, wanted.Color = draw.CrossGlyph{}, plotutil.Color(2)
		p.Add(wanted)
		p.Legend.Add("aim", wanted)
	}
	p.NominalY(names...)
	return p, nil
}

// ratioBars gives the ratios to the plotter, each at the height of its index.
type ratioBars []Ratio

// Len implements plotter.XYer.
func (r ratioBars) Len() int { return len(r) }

// XY implements plotter.XYer.
func (r ratioBars) XY(i int) (x, y float64) { return r[i].Ratio, float64(i) }

// XError implements plotter.XErrorer: how far the bar goes to the left and to the right.
func (r ratioBars) XError(i int) (left, right float64) {
	return r[i].Ratio - r[i].Min, r[i].Max - r[i].Ratio
}

func (p Plot) diagram() (*plot.Plot, error) {
	out := plot.New()
	out.Title.Text, out.X.Label.Text, out.Y.Label.Text = p.Title, p.X, p.Y
	out.Legend.Top, out.Legend.Left = true, true
	out.Add(plotter.NewGrid())
	for i, line := range p.Lines {
		points := make(plotter.XYs, len(line.Points))
		for j, point := range line.Points {
			points[j] = plotter.XY(point)
		}
		drawn, marks, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, err
		}
		drawn.Color, marks.Color = plotutil.Color(i), plotutil.Color(i)
		marks.Shape = plotutil.Shape(i)
		out.Add(drawn, marks)
		out.Legend.Add(line.Name, drawn, marks)
	}
	if p.Log {
		return out, logarithmic(p, out)
	}
	// From 0: a part of an axis makes a small difference look like a large one.
	out.Y.Min = 0
	return out, nil
}

// logarithmic makes both axes logarithmic, over whole decades: on less than one, next to no difference fills the plot.
func logarithmic(p Plot, out *plot.Plot) error {
	for _, line := range p.Lines {
		for _, point := range line.Points {
			// The scale would panic.
			if point.X <= 0 || point.Y <= 0 {
				return fmt.Errorf("line %q has the point (%g, %g), which no logarithmic axis can show", line.Name, point.X, point.Y)
			}
		}
	}
	for _, axis := range []*plot.Axis{&out.X, &out.Y} {
		axis.Scale, axis.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		low, high := math.Floor(math.Log10(axis.Min)), math.Ceil(math.Log10(axis.Max))
		axis.Min, axis.Max = math.Pow(10, low), math.Pow(10, max(high, low+1))
	}
	return nil
}
