package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/api/nearest"
	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/admin"
)

// watchInterval is how often `get --watch` asks again.
const watchInterval = time.Second

// getOptions are the flags of `sluice get`.
type getOptions struct {
	connection
	format print.Format
	watch  bool
}

func newGetCommand(getenv func(string) string) *cobra.Command {
	o := &getOptions{format: print.TableFormat}
	cmd := &cobra.Command{
		Use:   "get [services|pods|policies|problems] [NAME]",
		Short: "List services, their pods, access policies, or what is wrong in the manifests",
		Long: `List services (the default), the pods of all services or of the one named, access policies with whether each is enforced at
its targets, or what is wrong in the manifests.

With the name of a service the exit code is 1 while it is not ready. With -o wide pods have a column LOG, the file that
holds what a container prints.`,
		Example: `  sluice get services
  sluice get services iris -o yaml
  sluice get pods iris
  sluice get pods -o wide
  sluice get policies
  sluice get problems
  sluice get services --watch`,
		Args:              args(cobra.MaximumNArgs(2)),
		ValidArgsFunction: o.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := parseKind(args)
			if err != nil {
				return err
			}
			name := ""
			if len(args) == 2 {
				name = args[1]
			}
			return o.run(cmd, getenv, kind, name)
		},
	}
	o.addAdminFlag(cmd, getenv)
	o.addNamespaceFlag(cmd, "only this namespace (default: all; with NAME the one that has the name, if no other does)")
	addFormatFlag(cmd, &o.format, print.TableFormat, print.WideFormat, print.JSONFormat, print.YAMLFormat)
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "go on and print what changes")
	return cmd
}

// The kinds of things that get lists.
const (
	kindServices = "services"
	kindPods     = "pods"
	kindPolicies = "policies"
	kindProblems = "problems"
)

func kinds() []string { return []string{kindServices, kindPods, kindPolicies, kindProblems} }

func parseKind(args []string) (string, error) {
	if len(args) == 0 {
		return kindServices, nil
	}
	switch strings.ToLower(args[0]) {
	case kindServices, "service", "svc", "inferenceservices", "inferenceservice", "isvc":
		return kindServices, nil
	case kindPods, "pod", "po":
		return kindPods, nil
	case kindPolicies, "policy", "accesspolicies", "accesspolicy":
		return kindPolicies, nil
	case kindProblems, "problem":
		return kindProblems, nil
	}
	if near := nearest.Name(args[0], kinds()); near != "" {
		return "", usagef("get does not know %q; did you mean %s?", args[0], near)
	}
	return "", usagef("get does not know %q; it lists services, pods, policies or problems; for one service write: sluice get services %s", args[0], args[0])
}

func (o *getOptions) complete(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return kinds(), cobra.ShellCompDirectiveNoFileComp
	case 1:
		return o.serviceNames(cmd)
	default:
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

func (o *getOptions) run(cmd *cobra.Command, getenv func(string) string, kind, name string) error {
	if (kind == kindProblems || kind == kindPolicies) && name != "" {
		return usagef("%s are listed all at once; write: sluice get %s", kind, kind)
	}
	client, err := o.open()
	if err != nil {
		return err
	}
	defer client.Close()
	fetch := func(ctx context.Context) (listing, error) { return o.fetch(ctx, client, kind, name) }
	palette := print.PaletteFor(cmd.OutOrStdout(), getenv)
	if o.watch {
		return watch(cmd.Context(), fetch, &changePrinter{w: cmd.OutOrStdout(), format: o.format, palette: palette}, watchInterval)
	}
	list, err := fetch(cmd.Context())
	if err != nil {
		return err
	}
	if name == "" || kind != kindServices {
		err := o.print(cmd, palette, kind, list)
		if err == nil && kind == kindServices {
			err = o.noteProblems(cmd, client)
		}
		return err
	}
	service := list.items[0].(admin.Service)
	if err := output(cmd.OutOrStdout(), o.format, palette, list.table(), service); err != nil {
		return err
	}
	if !service.Ready {
		return wrongError{}
	}
	return nil
}

func (o *getOptions) fetch(ctx context.Context, client *admin.Client, kind, name string) (listing, error) {
	if kind == kindProblems {
		problems, err := client.Problems(ctx)
		return problemListing(problems), err
	}
	if kind == kindPolicies {
		policies, err := client.Policies(ctx)
		return policyListing(policies, o.namespace), err
	}
	services, err := o.services(ctx, client, name)
	if err != nil {
		return listing{}, err
	}
	if kind == kindPods {
		return podListing(services, time.Now(), o.format == print.WideFormat), nil
	}
	return serviceListing(services), nil
}

func (o *getOptions) services(ctx context.Context, client *admin.Client, name string) ([]admin.Service, error) {
	if name == "" {
		return client.Services(ctx, o.namespace)
	}
	service, err := o.find(ctx, client, name)
	return []admin.Service{service}, err
}

func (o *getOptions) print(cmd *cobra.Command, palette print.Palette, kind string, list listing) error {
	if o.format.IsTable() && len(list.rows) == 0 {
		if kind == kindProblems {
			kind = "manifest problems"
		}
		_, err := fmt.Fprintf(cmd.ErrOrStderr(), "no %s\n", kind)
		return err
	}
	if list.items == nil {
		list.items = []any{}
	}
	return output(cmd.OutOrStdout(), o.format, palette, list.table(), admin.Items[any]{Items: list.items})
}

// noteProblems names the command that shows what is wrong, under a table that doesn't.
func (o *getOptions) noteProblems(cmd *cobra.Command, client *admin.Client) error {
	if !o.format.IsTable() {
		return nil
	}
	problems, err := client.Problems(cmd.Context())
	if err != nil || len(problems) == 0 {
		return err
	}
	noun := "problems"
	if len(problems) == 1 {
		noun = "problem"
	}
	_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%d %s: sluice get problems\n", len(problems), noun)
	return err
}
