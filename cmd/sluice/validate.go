package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/manifest"
)

func newValidateCommand() *cobra.Command {
	format := print.TableFormat
	cmd := &cobra.Command{
		Use:   "validate FILE|DIR...",
		Short: "Check manifests without serving them",
		Long: `Check manifests as "sluice run" would read them. Each thing that is wrong is a line

  FILE:LINE: OBJECT: FIELD: MESSAGE; REMEDY

and makes the exit code 1.`,
		Example: `  sluice validate config/samples/quickstart
  sluice validate iris.yaml digits.yaml
  cat iris.yaml | sluice validate -`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, paths []string) error {
			loaded, err := load(paths, cmd.InOrStdin())
			if err != nil {
				return err
			}
			if len(loaded.Problems) == 0 && loaded.Files == 0 {
				return usagef("there is no manifest and no model file in what was named; name a file or a directory that holds one")
			}
			if err := writeValidation(cmd, format, loaded.Problems, len(loaded.Documents), loaded.Files); err != nil {
				return err
			}
			if len(loaded.Problems) > 0 {
				return wrongError{}
			}
			return nil
		},
	}
	addOutputFlag(cmd, &format)
	return cmd
}

func writeValidation(cmd *cobra.Command, format print.Format, problems []manifest.Problem, objects, files int) error {
	if format != print.TableFormat {
		items := make([]admin.Problem, 0, len(problems))
		for _, problem := range problems {
			items = append(items, shownProblem(problem))
		}
		return output(cmd.OutOrStdout(), format, print.Palette{}, print.Table{}, admin.Items[admin.Problem]{Items: items})
	}
	found, err := report(cmd.OutOrStdout(), problems)
	if found || err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "nothing is wrong: %s in %s\n", count(objects, "object"), count(files, "file"))
	return err
}

// shownProblem gives a problem in the form of the admin API.
func shownProblem(p manifest.Problem) admin.Problem {
	return admin.Problem{File: p.File, Line: p.Line, Object: p.Object, Field: p.Field, Message: p.Message, Remedy: p.Remedy}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
