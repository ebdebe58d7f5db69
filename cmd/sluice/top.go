package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/admin"
)

// topInterval is the time between two looks at the load: Envoy reports it as often.
const topInterval = time.Second

// clearScreen puts the cursor into a terminal's first column and line and clears what is below.
const clearScreen = "\x1b[H\x1b[J"

// topOptions are the flags of `sluice top`.
type topOptions struct {
	connection
	format print.Format
	once   bool
}

func newTopCommand(getenv func(string) string) *cobra.Command {
	o := &topOptions{format: print.TableFormat}
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Show each revision's requests, latency, CPU and memory, every second",
		Long: `Show what each revision is asked and what its processes use, every second until Ctrl-C.

Requests and errors are means over the last ten seconds and come from Envoy, which does not count what it answers itself.
An error is an answer 5xx, a gRPC status that names a fault of the server, or no answer. P50 and P99 are of the whole
answers of the last ten seconds, from a request's first byte at Envoy to the answer's last; they are left out where there
are too few to tell, below ten and below a hundred. CPU is of the last second, 100 %
being one core. Memory is the resident sets of the pods' processes and all below them; what a container engine's daemon
runs is not seen.`,
		Example: `  sluice top
  sluice top -n team
  sluice top --once -o json`,
		Args:              args(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd, getenv) },
	}
	o.addAdminFlag(cmd, getenv)
	o.addNamespaceFlag(cmd, "only this namespace (default: all)")
	addOutputFlag(cmd, &o.format)
	cmd.Flags().BoolVar(&o.once, "once", false, "show the load of one second and end")
	return cmd
}

func (o *topOptions) run(cmd *cobra.Command, getenv func(string) string) error {
	client, err := o.open()
	if err != nil {
		return err
	}
	defer client.Close()
	screen := topScreen{
		w: cmd.OutOrStdout(), format: o.format, palette: print.PaletteFor(cmd.OutOrStdout(), getenv),
		redraw: !o.once && o.format.IsTable() && isTerminal(cmd.OutOrStdout()),
	}
	return o.follow(cmd.Context(), client, screen)
}

// follow shows the load of each interval until ctx ends, which is no error. CPU use needs two looks, so that nothing is
// shown after the first.
func (o *topOptions) follow(ctx context.Context, client *admin.Client, screen topScreen) error {
	ticker := time.NewTicker(topInterval)
	defer ticker.Stop()
	before, err := client.Load(ctx, o.namespace)
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		var now admin.Load
		if now, err = client.Load(ctx, o.namespace); err != nil {
			break
		}
		if err = screen.show(topLines(before, now)); err != nil || o.once {
			return err
		}
		before = now
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// topLine is one revision's load.
type topLine struct {
	admin.RevisionLoad

	// CPUPercent is the CPU use since the look before, 100 being one core; nil if it isn't known.
	CPUPercent *float64 `json:"cpuPercent,omitempty"`
}

// topLines compares two looks at the load.
func topLines(before, now admin.Load) []topLine {
	type key struct{ namespace, service, revision string }
	used := map[key]*admin.Usage{}
	for _, r := range before.Revisions {
		used[key{r.Namespace, r.Service, r.Revision}] = r.Usage
	}
	seconds := now.At.Sub(before.At).Seconds()
	lines := make([]topLine, 0, len(now.Revisions))
	for _, r := range now.Revisions {
		line := topLine{RevisionLoad: r}
		earlier := used[key{r.Namespace, r.Service, r.Revision}]
		// A process that ended takes its time along: a sum that fell says nothing of the second.
		if r.Usage != nil && earlier != nil && seconds > 0 && r.Usage.CPUSeconds >= earlier.CPUSeconds {
			percent := 100 * (r.Usage.CPUSeconds - earlier.CPUSeconds) / seconds
			line.CPUPercent = &percent
		}
		lines = append(lines, line)
	}
	return lines
}

// topScreen shows one load after another.
type topScreen struct {
	w       io.Writer
	format  print.Format
	palette print.Palette
	// redraw puts each table in the place of the one before.
	redraw bool
}

func (s topScreen) show(lines []topLine) error {
	if s.redraw {
		if _, err := io.WriteString(s.w, clearScreen); err != nil {
			return err
		}
	}
	return output(s.w, s.format, s.palette, topTable(lines), admin.Items[topLine]{Items: lines})
}

func topTable(lines []topLine) print.Table {
	table := print.Table{Header: []string{"NAMESPACE", "SERVICE", "REVISION", "REQ/S", "ERR/S", "P50", "P99", "IN FLIGHT", "CPU", "MEMORY"}}
	for _, line := range lines {
		errors := print.Text(perSecond(line.ErrorsPerSecond))
		if line.ErrorsPerSecond > 0 {
			errors.Tone = print.Bad
		}
		cpu, memory := "", ""
		if line.CPUPercent != nil {
			cpu = fmt.Sprintf("%.0f%%", *line.CPUPercent)
		}
		if line.Usage != nil {
			memory = byteSize(line.Usage.MemoryBytes)
		}
		var latency admin.Latency
		if line.Latency != nil {
			latency = *line.Latency
		}
		table.Rows = append(table.Rows, []print.Cell{
			print.Text(line.Namespace), print.Text(line.Service), print.Text(line.Revision),
			print.Text(perSecond(line.RequestsPerSecond)), errors,
			print.Text(duration(latency.P50Milliseconds)), print.Text(duration(latency.P99Milliseconds)), print.Text(fmt.Sprint(line.InFlight)),
			print.Text(cpu), print.Text(memory),
		})
	}
	return table
}

// perSecond keeps a digit that matters of small rates.
func perSecond(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

// duration gives milliseconds in the unit that suits them, with a digit after the point below ten; "" for nil.
func duration(milliseconds *float64) string {
	switch {
	case milliseconds == nil:
		return ""
	case *milliseconds >= 1000:
		return perSecond(*milliseconds/1000) + "s"
	default:
		return perSecond(*milliseconds) + "ms"
	}
}

// byteSize gives a size in the largest binary unit of which there is one.
func byteSize(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	default:
		return fmt.Sprintf("%d KiB", n>>10)
	}
}
