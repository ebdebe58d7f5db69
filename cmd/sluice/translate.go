package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// The values of `sluice translate --to`.
const (
	toIR    = "ir"
	toEnvoy = "envoy"
)

func newTranslateCommand() *cobra.Command {
	var o previewOptions
	to, format := toIR, print.YAMLFormat
	cmd := &cobra.Command{
		Use:   "translate -f FILE|DIR",
		Short: "Print the routes that sluice makes of manifests, for Envoy or before",
		Long: `Print what sluice makes of routes, those of the manifests and those that it plans for InferenceServices: its own model of
listeners, hosts, routes and backends (--to ir), or Envoy's resources (--to envoy). Endpoints come from running pods, so
the backends of InferenceServices have none here.`,
		Example: `  sluice translate -f iris.yaml
  sluice translate -f routes/ --to envoy -o json`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			shown, wrong, err := o.newPreview(cmd.InOrStdin(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			value, err := translation(shown.Translated.Config, to)
			if err != nil {
				return err
			}
			if err := output(cmd.OutOrStdout(), format, print.Palette{}, print.Table{}, value); err != nil {
				return err
			}
			return conclude(cmd.ErrOrStderr(), shown, wrong)
		},
	}
	o.addFlags(cmd)
	cmd.Flags().StringVar(&to, "to", toIR, "ir or envoy")
	addFormatFlag(cmd, &format, print.YAMLFormat, print.JSONFormat)
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions([]string{toIR, toEnvoy}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// translation gives the configuration as the value of --to has it.
func translation(config ir.Config, to string) (any, error) {
	switch to {
	case toIR:
		return config, nil
	case toEnvoy:
		return shownResources(envoy.Resources(config, envoy.Options{}))
	default:
		return nil, usagef("--to %q isn't known; use ir or envoy", to)
	}
}

// shownResource is an Envoy resource as one reads it.
type shownResource struct {
	TypeURL string   `json:"typeUrl"`
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Objects []string `json:"objects,omitempty"`
	// Body is the resource as protobuf JSON.
	Body any `json:"body"`
}

func shownResources(resources []envoy.Resource) ([]shownResource, error) {
	shown := make([]shownResource, 0, len(resources))
	for _, resource := range resources {
		one := shownResource{TypeURL: resource.TypeURL, Name: resource.Name, Version: resource.Version}
		for _, object := range resource.Objects {
			one.Objects = append(one.Objects, object.String())
		}
		message, err := resource.Shown()
		if err != nil {
			return nil, err
		}
		text, err := protojson.Marshal(message)
		if err != nil {
			return nil, fmt.Errorf("writing %s %s as JSON: %w", resource.TypeURL, resource.Name, err)
		}
		// Decoded and encoded once more: protojson varies its spaces on purpose.
		if err := json.Unmarshal(text, &one.Body); err != nil {
			return nil, fmt.Errorf("reading the JSON of %s %s: %w", resource.TypeURL, resource.Name, err)
		}
		shown = append(shown, one)
	}
	return shown, nil
}
