package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/controller/standalone/preview"
)

func newValidateCommand() *cobra.Command {
	o := &validateOptions{format: print.TableFormat}
	cmd := &cobra.Command{
		Use:   "validate FILE|DIR...",
		Short: "Check manifests without serving them",
		Long: `Check manifests as "sluice run" would read them, and as a cluster with KServe would take them. Each thing that is wrong is a
line

  FILE:LINE: OBJECT: FIELD: MESSAGE; REMEDY

and makes the exit code 1.

In a directory, what manifests refer to must be there as well: a runtime, a format that some runtime serves, the services of a graph.
Files that are named one by one may be part of something larger, and are checked for that with --references only.

As a hook of pre-commit (hook sluice-validate) it passes over manifests of other APIs.`,
		Example: `  sluice validate config/samples/quickstart
  sluice validate iris.yaml digits.yaml
  sluice validate --references iris.yaml runtime.yaml
  cat iris.yaml | sluice validate -`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if !cmd.Flags().Changed("references") {
				o.references = slices.ContainsFunc(paths, isDir)
			}
			return o.run(cmd, paths)
		},
	}
	addOutputFlag(cmd, &o.format)
	cmd.Flags().BoolVar(&o.references, "references", false, "check that what is referred to is there (default: where a directory is named)")
	cmd.Flags().BoolVar(&o.ignoreOthers, "ignore-others", false, "pass over documents of other APIs than KServe's, the Gateway API's and Sluice's, and files without any")
	return cmd
}

// validateOptions are the flags of `sluice validate`.
type validateOptions struct {
	format       print.Format
	references   bool
	ignoreOthers bool
}

func (o *validateOptions) run(cmd *cobra.Command, paths []string) error {
	if o.ignoreOthers {
		if paths = slices.DeleteFunc(slices.Clone(paths), namesNoneOfOurs); len(paths) == 0 {
			return writeValidation(cmd, o.format, nil, 0, 0)
		}
	}
	loaded, err := load(paths, cmd.InOrStdin())
	if err != nil {
		return err
	}
	problems := loaded.Problems
	if o.ignoreOthers {
		problems = slices.DeleteFunc(problems, func(p manifest.Problem) bool { return p.Foreign })
	} else if len(problems) == 0 && loaded.Files == 0 {
		return usagef("there is no manifest and no model file in what was named; name a file or a directory that holds one")
	}
	if o.references {
		lost, err := lostReferences(loaded)
		if err != nil {
			return err
		}
		problems = append(problems, lost...)
		slices.SortStableFunc(problems, func(a, b manifest.Problem) int {
			return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
		})
	}
	if err := writeValidation(cmd, o.format, problems, len(loaded.Documents), loaded.Files); err != nil {
		return err
	}
	if len(problems) > 0 {
		return wrongError{}
	}
	return nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// namesNoneOfOurs says whether a file has no word of an API that is ours: it may be no manifest at all, or not even YAML.
func namesNoneOfOurs(path string) bool {
	data, err := os.ReadFile(path)
	return err == nil && !slices.ContainsFunc([]string{"serving.kserve.io", "serving.kubeflow.org", "sluice.dev", "gateway.networking.k8s.io"}, func(group string) bool {
		return bytes.Contains(data, []byte(group))
	})
}

// lostReferences gives the references that lead nowhere, each with the line of its field.
func lostReferences(loaded standalone.Loaded) ([]manifest.Problem, error) {
	references, err := preview.References(loaded)
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{}
	var problems []manifest.Problem
	for _, reference := range references {
		file := reference.From.Source.File
		if _, read := texts[file]; !read {
			// Standard input, and a file that has just gone, leave the document's own line.
			texts[file], _ = os.ReadFile(file)
		}
		problems = append(problems, reference.Problem(texts[file]))
	}
	return problems, nil
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
