package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/runtime/convert"
	"github.com/sluice-serving/sluice/runtime/storage"
)

func newConvertCommand(getenv func(string) string) *cobra.Command {
	var o convert.Options
	var force bool
	cmd := &cobra.Command{
		Use:   "convert MODEL",
		Short: "Convert a pickled scikit-learn model to ONNX, in a Python of yours",
		Long: `Convert makes an ONNX file of a scikit-learn model that sluice doesn't read itself, by skl2onnx. Loading a pickle runs the code
that it names, with your rights: convert only files that you trust. sluice serve and sluice run never do that.

It needs python3. The first time, pip installs skl2onnx and the scikit-learn that wrote the file into an environment in the
cache folder; with --python it is done in an interpreter of yours, if that has skl2onnx, scikit-learn and onnxruntime.

With --sample, a file with a V1 or V2 request, both models are asked for its rows and the differences are told. It is needed where
the model takes texts, as only the rows say which columns those are.`,
		Example: `  sluice convert model.pkl
  sluice convert model.joblib -o served/model.onnx --sample request.json
  sluice convert model.pkl --python ./venv/bin/python`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			o.Model = given[0]
			if o.Output == "" {
				o.Output = strings.TrimSuffix(o.Model, filepath.Ext(o.Model)) + ".onnx"
			}
			if _, err := os.Stat(o.Output); err == nil && !force {
				return usagef("%s is there already: name another file by --output, or replace it by --force", o.Output)
			}
			if o.Cache = storage.CacheDir(getenv); o.Cache == "" {
				return fmt.Errorf("none of SLUICE_CACHE, XDG_CACHE_HOME and HOME is set: there is no place for Python packages")
			}
			o.Cache = filepath.Dir(o.Cache)
			o.Note = func(text string) { _, _ = fmt.Fprintln(cmd.ErrOrStderr(), text) }
			report, err := convert.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			return printReport(cmd.OutOrStdout(), o, report)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.Output, "output", "o", "", "the ONNX file (default: beside MODEL, with the ending .onnx)")
	flags.StringVar(&o.Sample, "sample", "", "file with a V1 or V2 request, whose rows both models are asked for")
	flags.StringVar(&o.Python, "python", "", "interpreter to convert in, or to make the environment from (default: python3)")
	flags.StringVar(&o.Version, "sklearn-version", "", "scikit-learn to load the file with (default: the one that wrote it, if the file says)")
	flags.BoolVar(&force, "force", false, "replace the file that --output names")
	return cmd
}

// printReport tells what was made, and how its answers differ.
func printReport(w io.Writer, o convert.Options, r convert.Report) error {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%s: %s of scikit-learn %s, by skl2onnx %s\n", o.Output, r.Class, r.Sklearn, r.Skl2)
	_, _ = fmt.Fprintf(&b, "inputs %s, outputs %s\n", strings.Join(r.Inputs, ", "), strings.Join(r.Outputs, ", "))
	if r.Check == nil {
		b.WriteString("not compared with the original: give rows by --sample\n")
	} else {
		for _, d := range r.Check.Differences {
			switch {
			case d.Unequal != nil:
				_, _ = fmt.Fprintf(&b, "%s differs in %d of %d rows\n", d.Output, *d.Unequal, r.Check.Rows)
			case d.Largest != nil:
				_, _ = fmt.Fprintf(&b, "%s differs by %.2g at most, in %d rows\n", d.Output, *d.Largest, r.Check.Rows)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
