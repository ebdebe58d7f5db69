package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Groups of commands in the root command's help.
const (
	groupServe     = "serve"
	groupAsk       = "ask"
	groupManifests = "manifests"
)

// newRootCommand wires all commands. getenv reads the environment.
func newRootCommand(getenv func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use:     "sluice",
		Short:   "Serve InferenceServices behind Envoy",
		Version: version,
		Long: `sluice turns KServe's InferenceServices into running model servers and Gateway API routes, and programs Envoy itself.

Exit codes:
  0  it worked
  1  the thing asked about is wrong: a manifest is invalid, a service is not ready, a prediction was refused
  2  the command line is wrong
  3  sluice can't be reached at its admin port or its Gateway`,
		Example: `  sluice run config/samples/quickstart    # serve a directory of manifests
  sluice run model.onnx                   # or a model file
  sluice get services                     # what is served, and where
  sluice explain iris                     # the first thing that is wrong with it`,
		// How many letters may differ in a command that is suggested.
		SuggestionsMinimumDistance: 2,
		SilenceErrors:              true,
		SilenceUsage:               true,
		Args:                       unknownCommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("sluice {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w; see %s --help", flagFault(err), cmd.CommandPath())
	})
	root.AddGroup(
		&cobra.Group{ID: groupServe, Title: "Serve:"},
		&cobra.Group{ID: groupAsk, Title: "Ask a sluice that runs:"},
		&cobra.Group{ID: groupManifests, Title: "Work on manifests:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, command := range commands {
			command.GroupID = group
			root.AddCommand(command)
		}
	}
	add(groupAsk, newGetCommand(getenv), newTopCommand(getenv), newExplainCommand(getenv), newLogsCommand(getenv), newPredictCommand(getenv), newXDSCommand(getenv))
	add(groupServe, newRunCommand(), newServeCommand(), newStorageCommand(getenv), newConvertCommand(getenv), newStopCommand(), newInitCommand())
	add(groupManifests, newValidateCommand(), newPlanCommand(), newTranslateCommand())
	root.AddCommand(newVersionCommand())
	return root
}

// execute runs the command line and gives the exit code. An error is one line on standard error.
func execute(ctx context.Context, root *cobra.Command) int {
	err := root.ExecuteContext(ctx)
	var wrong wrongError
	if err != nil && !errors.As(err, &wrong) {
		_, _ = fmt.Fprintln(root.ErrOrStderr(), "error:", err)
	}
	return exitCode(err)
}

// unknownCommand refuses arguments of the root command, naming the commands that look like them.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message := fmt.Sprintf("there is no command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("%s; did you mean %s?", message, strings.Join(near, " or "))
	}
	return usagef("%s; %s --help lists them", message, cmd.CommandPath())
}
