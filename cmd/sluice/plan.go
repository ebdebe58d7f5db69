package main

import (
	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan"
)

func newPlanCommand() *cobra.Command {
	var o previewOptions
	var status bool
	cmd := &cobra.Command{
		Use:   "plan -f FILE|DIR",
		Short: "Print the objects that sluice makes of InferenceServices",
		Long: `Print the Deployments, Services, HTTPRoutes and other objects that sluice makes of InferenceServices on one machine, as YAML
documents, without running anything. What can't be planned goes to standard error and makes the exit code 1.`,
		Example: `  sluice plan -f iris.yaml
  sluice plan -f iris.yaml --not-ready       # before a pod is ready, the routes answer 503 with the reason
  sluice plan -f config/samples/quickstart --status`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			shown, wrong, err := o.newPreview(cmd.InOrStdin(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			var objects []manifest.Object
			for _, one := range shown.Plans {
				objects = append(objects, children(one.Result)...)
				if status {
					service := one.Service.DeepCopy()
					service.Status = one.Result.Status
					objects = append(objects, service)
				}
			}
			if err := writeManifests(cmd.OutOrStdout(), objects); err != nil {
				return err
			}
			return conclude(cmd.ErrOrStderr(), shown, wrong)
		},
	}
	o.addFlags(cmd)
	cmd.Flags().BoolVar(&status, "status", false, "also print each InferenceService with the status that it would have")
	return cmd
}

// children lists a plan's objects, each kind in the plan's order.
func children(result plan.Result) []manifest.Object {
	var all []manifest.Object
	for i := range result.Deployments {
		all = append(all, &result.Deployments[i])
	}
	for i := range result.Services {
		all = append(all, &result.Services[i])
	}
	for i := range result.HTTPRoutes {
		all = append(all, &result.HTTPRoutes[i])
	}
	for i := range result.DirectResponses {
		all = append(all, &result.DirectResponses[i])
	}
	for i := range result.Revisions {
		all = append(all, &result.Revisions[i])
	}
	return all
}
