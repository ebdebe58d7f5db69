package main

import (
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/admin"
)

func newXDSCommand(getenv func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "xds",
		Short:   "Show what Envoy was told",
		Example: "  sluice xds dump\n  sluice xds dump --full -o yaml",
		Args:    args(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newXDSDumpCommand(getenv))
	return cmd
}

func newXDSDumpCommand(getenv func(string) string) *cobra.Command {
	var c connection
	var full bool
	format := print.TableFormat
	cmd := &cobra.Command{
		Use:   "dump",
		Short: "List the resources that Envoy gets and what it said to them",
		Example: `  sluice xds dump
  sluice xds dump --full -o json       # with the resources themselves`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if full && format == print.TableFormat {
				return usagef("a table has no room for the resources themselves; add -o yaml or -o json to --full")
			}
			client, err := c.open()
			if err != nil {
				return err
			}
			defer client.Close()
			dump, err := client.XDS(cmd.Context(), full)
			if err != nil {
				return err
			}
			return output(cmd.OutOrStdout(), format, print.PaletteFor(cmd.OutOrStdout(), getenv), xdsTable(dump), dump)
		},
	}
	c.addAdminFlag(cmd, getenv)
	addOutputFlag(cmd, &format)
	cmd.Flags().BoolVar(&full, "full", false, "with the resources themselves (needs -o yaml or -o json)")
	return cmd
}

func xdsTable(dump admin.XDS) print.Table {
	table := print.Table{Header: []string{"TYPE", "NAME", "VERSION", "OBJECT", "ENVOY"}}
	for _, resource := range dump.Resources {
		table.Rows = append(table.Rows, []print.Cell{
			print.Text(typeName(resource.TypeURL)),
			print.Text(resource.Name),
			print.Text(resource.Version),
			print.Text(resource.Object),
			verdict(resource, len(dump.Clients)),
		})
	}
	return table
}

// typeName gives "Cluster" for "type.googleapis.com/envoy.config.cluster.v3.Cluster".
func typeName(typeURL string) string {
	return strings.TrimPrefix(path.Ext(typeURL), ".")
}

func verdict(resource admin.XDSResource, clients int) print.Cell {
	switch acknowledged := len(resource.Acknowledged); {
	case len(resource.Rejected) > 0:
		return print.Toned(print.Bad, "rejected: "+resource.Rejected[0].Reason)
	case clients == 0:
		return print.Toned(print.Waiting, "no Envoy connected")
	case acknowledged < clients:
		return print.Toned(print.Waiting, fmt.Sprintf("acknowledged by %d of %d", acknowledged, clients))
	default:
		return print.Toned(print.Good, "acknowledged")
	}
}
