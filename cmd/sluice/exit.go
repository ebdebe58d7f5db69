package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/controller/admin"
)

// The exit codes, as the root command's help documents them.
const (
	exitOK          = 0
	exitWrong       = 1
	exitUsage       = 2
	exitUnreachable = 3
)

// usageError says that the command line is wrong.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// wrongError says that the thing asked about is wrong, after the command has printed what.
type wrongError struct{}

func (wrongError) Error() string { return "the thing asked about is wrong" }

// unreachableError says that the Gateway, which is a part of sluice, does not answer.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return e.err.Error() }
func (e *unreachableError) Unwrap() error { return e.err }

// exitCode gives the code for a command's error.
func exitCode(err error) int {
	var usage *usageError
	var admin *admin.UnreachableError
	var gateway *unreachableError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &admin), errors.As(err, &gateway):
		return exitUnreachable
	default:
		return exitWrong
	}
}

// args makes a wrong number of arguments a [usageError] that shows how the command is written.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usagef("%w; write it as: %s (see %s --help)", err, cmd.UseLine(), cmd.CommandPath())
		}
		return nil
	}
}
