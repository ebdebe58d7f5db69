package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
)

func addOutputFlag(cmd *cobra.Command, format *print.Format) {
	cmd.Flags().VarP(format, "output", "o", "output format: table, json or yaml")
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(print.Formats(), cobra.ShellCompDirectiveNoFileComp))
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
