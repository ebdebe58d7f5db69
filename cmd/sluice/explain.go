package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/explain"
)

func newExplainCommand(getenv func(string) string) *cobra.Command {
	var c connection
	format := print.TableFormat
	cmd := &cobra.Command{
		Use:   "explain NAME",
		Short: "Say what is wrong with a service, and what to do",
		Long: `Walk every layer of a service, from its manifest to its model server. The first line names the first thing that is
wrong and the remedy; what follows is what each layer says. The exit code is 1 if something is wrong.`,
		Example:           "  sluice explain iris\n  sluice explain iris -n team -o json",
		Args:              args(cobra.ExactArgs(1)),
		ValidArgsFunction: c.completeServices,
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := c.explain(cmd, args[0])
			if err != nil {
				return err
			}
			palette := print.PaletteFor(cmd.OutOrStdout(), getenv)
			if err := writeReport(cmd.OutOrStdout(), format, palette, report); err != nil {
				return err
			}
			if !report.OK {
				return wrongError{}
			}
			return nil
		},
	}
	c.addAdminFlag(cmd, getenv)
	c.addServiceNamespaceFlag(cmd)
	addOutputFlag(cmd, &format)
	cmd.AddCommand(newExplainRuntimeCommand(getenv))
	return cmd
}

// explain asks also for a service that isn't listed: its manifest may be broken, and then the report says so.
func (c *connection) explain(cmd *cobra.Command, name string) (explain.Report, error) {
	client, err := c.open()
	if err != nil {
		return explain.Report{}, err
	}
	defer client.Close()
	namespace, plain, ok := strings.Cut(name, "/")
	if !ok {
		namespace, plain = c.namespace, name
	}
	var unknown error
	if namespace == "" {
		service, err := c.find(cmd.Context(), client, plain)
		var ambiguous *usageError
		if errors.As(err, &ambiguous) {
			return explain.Report{}, err
		}
		namespace = cmp.Or(service.Namespace, metav1.NamespaceDefault)
		unknown = err
	}
	report, err := client.Explain(cmd.Context(), namespace, plain)
	if err != nil || len(report.Findings) > 0 {
		return report, err
	}
	if unknown != nil {
		return report, unknown
	}
	// Nothing is known of it: the error says which name was meant.
	_, err = c.get(cmd.Context(), client, namespace, plain)
	return report, err
}

func writeReport(w io.Writer, format print.Format, palette print.Palette, report explain.Report) error {
	if format != print.TableFormat {
		return output(w, format, palette, print.Table{}, report)
	}
	tone := print.Good
	if !report.OK {
		tone = print.Bad
	}
	if _, err := fmt.Fprintln(w, palette.Paint(tone, print.Clean(report.Headline))); err != nil {
		return err
	}
	if len(report.Findings) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	table := print.Table{}
	for _, finding := range report.Findings {
		table.Rows = append(table.Rows, findingRows(finding)...)
	}
	return table.Write(w, palette)
}

// findingRows gives a line for the summary and, indented under it, one for each line of the detail and the remedy.
func findingRows(finding explain.Finding) [][]print.Cell {
	mark := print.Toned(print.Good, "ok")
	if !finding.OK {
		mark = print.Toned(print.Bad, "wrong")
	}
	rows := [][]print.Cell{{print.Text(string(finding.Layer)), mark, print.Text(finding.Summary)}}
	under := func(tone print.Tone, text string) {
		rows = append(rows, []print.Cell{print.Text(" "), print.Text(" "), print.Toned(tone, text)})
	}
	if finding.Detail != "" {
		for line := range strings.Lines(finding.Detail) {
			under(print.Faint, "  "+strings.TrimRight(line, "\r\n"))
		}
	}
	switch {
	case strings.HasSuffix(finding.Remedy, "?"):
		under(print.Strong, finding.Remedy)
	case finding.Remedy != "":
		under(print.Strong, "remedy: "+finding.Remedy)
	}
	return rows
}
