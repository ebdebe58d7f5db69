package main

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
)

// build is what `sluice version` tells.
type build struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	// Platform is operating system and architecture as Go names them.
	Platform string `json:"platform"`
}

func newVersionCommand() *cobra.Command {
	format := print.TableFormat
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this binary",
		Example: "  sluice version\n  sluice version -o json",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			this := build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
			table := print.Table{Rows: [][]print.Cell{
				{print.Text("sluice"), print.Text(this.Version)},
				{print.Text("go"), print.Text(this.Go)},
				{print.Text("platform"), print.Text(this.Platform)},
			}}
			return output(cmd.OutOrStdout(), format, print.Palette{}, table, this)
		},
	}
	addOutputFlag(cmd, &format)
	return cmd
}
