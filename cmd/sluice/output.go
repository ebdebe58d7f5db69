package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
)

// addOutputFlag adds -o with a table, JSON and YAML to choose from.
func addOutputFlag(cmd *cobra.Command, format *print.Format) {
	addFormatFlag(cmd, format, print.TableFormat, print.JSONFormat, print.YAMLFormat)
}

// addFormatFlag adds -o with the formats given to choose from.
func addFormatFlag(cmd *cobra.Command, format *print.Format, formats ...print.Format) {
	flag := print.NewFormatFlag(format, formats...)
	cmd.Flags().VarP(flag, "output", "o", "how to print the answer")
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(flag.Names(), cobra.ShellCompDirectiveNoFileComp))
}

// output writes table, or value in one of the other formats.
func output(w io.Writer, format print.Format, palette print.Palette, table print.Table, value any) error {
	switch format {
	case print.JSONFormat:
		return print.JSON(w, value)
	case print.YAMLFormat:
		return print.YAML(w, value)
	default:
		return table.Write(w, palette)
	}
}
