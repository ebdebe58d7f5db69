package main

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/controller/admin"
)

const defaultAdmin = "127.0.0.1:9080"

// connection is the flags by which a command finds the sluice to ask, and the service in it.
type connection struct {
	admin     string
	namespace string
}

// addAdminFlag adds --admin, whose default is SLUICE_ADMIN's value or [defaultAdmin].
func (c *connection) addAdminFlag(cmd *cobra.Command, getenv func(string) string) {
	address := getenv("SLUICE_ADMIN")
	if address == "" {
		address = defaultAdmin
	}
	cmd.Flags().StringVar(&c.admin, "admin", address, "address of sluice's admin port (environment: SLUICE_ADMIN)")
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("admin", cobra.NoFileCompletions)
}

// addNamespaceFlag adds -n.
func (c *connection) addNamespaceFlag(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVarP(&c.namespace, "namespace", "n", "", usage)
	_ = cmd.RegisterFlagCompletionFunc("namespace", c.completeNamespaces)
}

// open makes a client; the caller closes it.
func (c *connection) open() (*admin.Client, error) {
	client, err := admin.NewClient(c.admin)
	if err != nil {
		return nil, &usageError{err}
	}
	return client, nil
}

// addServiceNamespaceFlag adds -n to a command about one service.
func (c *connection) addServiceNamespaceFlag(cmd *cobra.Command) {
	c.addNamespaceFlag(cmd, "the service's namespace (may be left out if one namespace alone has the name)")
}

// find gives the service named: in the namespace of -n, of "namespace/name", else in the one namespace that has the
// name. A name that several have is an error: a request sent, or a log read, must not be another service's by chance.
func (c *connection) find(ctx context.Context, client *admin.Client, name string) (admin.Service, error) {
	if namespace, rest, ok := strings.Cut(name, "/"); ok {
		return c.get(ctx, client, namespace, rest)
	}
	if c.namespace != "" {
		return c.get(ctx, client, c.namespace, name)
	}
	all, err := client.Services(ctx, "")
	if err != nil {
		return admin.Service{}, err
	}
	var candidates []string
	var match admin.Service
	for _, service := range all {
		if service.Name != name {
			continue
		}
		match = service
		candidates = append(candidates, service.Namespace)
	}
	switch len(candidates) {
	case 0:
		return admin.Service{}, unknownService(ctx, client, name, all)
	case 1:
		return match, nil
	default:
		return admin.Service{}, usagef("InferenceService %s is in the namespaces %s; choose one with -n, as in -n %s", name, strings.Join(candidates, ", "), candidates[0])
	}
}

// get gives a service by its full name; one that isn't known is an error that suggests another.
func (c *connection) get(ctx context.Context, client *admin.Client, namespace, name string) (admin.Service, error) {
	service, err := client.Service(ctx, namespace, name)
	var refusal *admin.StatusError
	if !errors.As(err, &refusal) || refusal.Code != http.StatusNotFound {
		return service, err
	}
	all, err := client.Services(ctx, namespace)
	if err != nil {
		return admin.Service{}, err
	}
	return admin.Service{}, unknownService(ctx, client, namespace+"/"+name, all)
}
