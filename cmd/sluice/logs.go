package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/controller/admin"
)

func newLogsCommand(getenv func(string) string) *cobra.Command {
	var c connection
	var o admin.LogOptions
	cmd := &cobra.Command{
		Use:   "logs NAME",
		Short: "Print what a service's processes print",
		Long:  "Print what a service's processes print, each line behind its replica's name.",
		Example: `  sluice logs iris
  sluice logs iris --tail 20 -f
  sluice logs iris --previous          # the process before the last restart`,
		Args:              args(cobra.ExactArgs(1)),
		ValidArgsFunction: c.completeServices,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.logs(cmd, args[0], o)
		},
	}
	c.addAdminFlag(cmd, getenv)
	c.addServiceNamespaceFlag(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&o.Follow, "follow", "f", false, "go on with what is printed from now on, by new replicas as well")
	flags.IntVar(&o.Tail, "tail", admin.AllLines, "begin with this many last lines of each log (default: all)")
	flags.StringVarP(&o.Container, "container", "c", "", "only this container")
	flags.StringVar(&o.Replica, "replica", "", "only this replica, the NAME of a pod as 'sluice get pods' shows it")
	flags.BoolVarP(&o.Previous, "previous", "p", false, "what the process before the present one printed")
	return cmd
}

func (c *connection) logs(cmd *cobra.Command, name string, o admin.LogOptions) error {
	if o.Tail < admin.AllLines {
		return usagef("--tail %d is not a number of lines; leave it out for all of them", o.Tail)
	}
	if o.Previous && o.Follow {
		return usagef("--previous and --follow exclude each other: a process that has ended prints nothing more")
	}
	client, err := c.open()
	if err != nil {
		return err
	}
	defer client.Close()
	service, err := c.find(cmd.Context(), client, name)
	if err != nil {
		return err
	}
	stream, err := client.Logs(cmd.Context(), service.Namespace, service.Name, o)
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	_, err = io.Copy(cmd.OutOrStdout(), stream)
	if cmd.Context().Err() != nil {
		return nil
	}
	return err
}
