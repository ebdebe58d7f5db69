package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
	"github.com/sluice-serving/sluice/controller/standalone/preview"
)

func newExplainRuntimeCommand(getenv func(string) string) *cobra.Command {
	o := explainRuntimeOptions{format: print.TableFormat}
	cmd := &cobra.Command{
		Use:   "runtime -f FILE|DIR",
		Short: "Say which runtime serves each model of manifests, and why no other",
		Long: `Choose the runtime for each model of the InferenceServices in manifests, without running anything: among the runtimes in the
manifests and those that come with sluice. Under each choice stand all candidates with what they were passed over for. The
exit code is 1 if a model has none.

The choice is KServe's: runtimes of the namespace before the cluster's, then by priority, lowest protocol, age and name; only
the one that comes with sluice is taken before the cluster's others, unless the service's status names another that still fits (--recorded).
On one machine without a container engine that one also serves, in place of an image that is chosen, the formats that it knows:
see "sluice plan". A service that is called runtime is explained by "sluice explain NAMESPACE/runtime".`,
		Example: "  sluice explain runtime -f iris.yaml\n  sluice explain runtime -f iris.yaml -f runtimes.yaml -o json",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd, print.PaletteFor(cmd.OutOrStdout(), getenv))
		},
	}
	cmd.Flags().StringSliceVarP(&o.paths, "filename", "f", nil, "manifest or directory; - is standard input; may be given again")
	cmd.Flags().StringVar(&o.recorded, "recorded", "", "choose as if the services' status named this runtime already, as after a move from KServe")
	addOutputFlag(cmd, &o.format)
	return cmd
}

// explainRuntimeOptions are the flags of `sluice explain runtime`.
type explainRuntimeOptions struct {
	paths    []string
	recorded string
	format   print.Format
}

func (o *explainRuntimeOptions) run(cmd *cobra.Command, palette print.Palette) error {
	if len(o.paths) == 0 {
		return usagef("no manifest given; name a file or directory by -f, or -f - for standard input")
	}
	loaded, err := load(o.paths, cmd.InOrStdin())
	if err != nil {
		return err
	}
	wrong, err := report(cmd.ErrOrStderr(), loaded.Problems)
	if err != nil {
		return err
	}
	choices, err := preview.RuntimeChoices(loaded, o.recorded)
	if err != nil {
		return err
	}
	if o.format == print.TableFormat {
		err = writeChoices(cmd.OutOrStdout(), palette, choices)
	} else {
		err = output(cmd.OutOrStdout(), o.format, palette, print.Table{}, admin.Items[preview.RuntimeChoice]{Items: choices})
	}
	if err != nil {
		return err
	}
	for _, choice := range choices {
		wrong = wrong || choice.Runtime == ""
	}
	if wrong {
		return wrongError{}
	}
	return nil
}

// writeChoices writes a headline and a table of candidates for each choice.
func writeChoices(w io.Writer, palette print.Palette, choices []preview.RuntimeChoice) error {
	if len(choices) == 0 {
		_, err := fmt.Fprintln(w, "no InferenceService here has a model that a runtime is chosen for")
		return err
	}
	for i, choice := range choices {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := writeChoice(w, palette, choice); err != nil {
			return err
		}
	}
	return nil
}

func writeChoice(w io.Writer, palette print.Palette, choice preview.RuntimeChoice) error {
	tone, verdict := print.Good, "runtime "+choice.Runtime
	if choice.Runtime == "" {
		tone, verdict = print.Bad, string(choice.Reason)+": "+choice.Message
	}
	headline := fmt.Sprintf("%s/%s %s: %s", choice.Namespace, choice.Name, choice.Path, verdict)
	if _, err := fmt.Fprintf(w, "%s\nasked for: %s\n\n", palette.Paint(tone, print.Clean(headline)), print.Clean(choice.Asked.String())); err != nil {
		return err
	}
	table := print.Table{Header: []string{"CANDIDATE", "KIND", "VERDICT", "WHY"}}
	tones := map[runtimes.Verdict]print.Tone{runtimes.Chosen: print.Good, runtimes.Outranked: print.Strong, runtimes.Unfit: print.Faint}
	for _, c := range choice.Candidates {
		table.Rows = append(table.Rows, []print.Cell{
			print.Text(c.Name), print.Text(c.Kind), print.Toned(tones[c.Verdict], string(c.Verdict)), print.Text(c.Why),
		})
	}
	return table.Write(w, palette)
}
