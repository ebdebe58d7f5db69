package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/controller/admin"
)

// completionTimeout bounds what a press of the tab key may take.
const completionTimeout = time.Second

// completeServices completes the first argument from the names of the services that run.
func (c *connection) completeServices(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.serviceNames(cmd)
}

func (c *connection) serviceNames(cmd *cobra.Command) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	for _, service := range c.quickly(cmd, c.namespace) {
		names = append(names, cobra.CompletionWithDesc(service.Name, describe(service)))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (c *connection) completeNamespaces(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	for _, service := range c.quickly(cmd, "") {
		names = append(names, service.Namespace)
	}
	slices.Sort(names)
	return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
}

// quickly gives the services, or none if sluice does not answer: completion has no place for an error.
func (c *connection) quickly(cmd *cobra.Command, namespace string) []admin.Service {
	client, err := c.open()
	if err != nil {
		return nil
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
	defer cancel()
	services, err := client.Services(ctx, namespace)
	if err != nil {
		return nil
	}
	return services
}

func describe(service admin.Service) string {
	return service.Namespace + ", " + status(service)
}
