package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/standalone/preview"
)

// previewOptions are the flags of the commands that show what the pure stages make of manifests.
type previewOptions struct {
	paths           []string
	httpPort        uint16
	containerEngine string
	notReady        bool
}

func (o *previewOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVarP(&o.paths, "filename", "f", nil, "manifest, model file or directory; - is standard input; may be given again")
	flags.Uint16Var(&o.httpPort, "http-port", 8080, "port of the Gateway")
	flags.StringVar(&o.containerEngine, "container-engine", "", "plan as if this machine had that podman, docker or nerdctl (default: none)")
	flags.BoolVar(&o.notReady, "not-ready", false, "as it stands before any pod is ready (default: with every pod ready)")
}

// newPreview reads the manifests and runs both stages over them. It writes what is wrong with the manifests to errOut
// and says so by the second result; the rest goes on.
func (o *previewOptions) newPreview(in io.Reader, errOut io.Writer) (preview.Preview, bool, error) {
	if len(o.paths) == 0 {
		return preview.Preview{}, false, usagef("no manifest given; name a file or directory by -f, or -f - for standard input")
	}
	loaded, err := load(o.paths, in)
	if err != nil {
		return preview.Preview{}, false, err
	}
	wrong, err := report(errOut, loaded.Problems)
	if err != nil {
		return preview.Preview{}, wrong, err
	}
	shown, err := preview.New(loaded, preview.Options{
		HTTPPort: o.httpPort, ContainerEngine: o.containerEngine, BundledFormats: bundledFormats(), NotReady: o.notReady,
	})
	return shown, wrong, err
}

// conclude writes to standard error what the stages could not do, one a line. wrong says that something was wrong before
// them.
func conclude(errOut io.Writer, shown preview.Preview, wrong bool) error {
	faults := shown.Faults()
	for _, fault := range faults {
		if _, err := io.WriteString(errOut, print.Clean(fault)+"\n"); err != nil {
			return err
		}
	}
	if wrong || len(faults) > 0 {
		return wrongError{}
	}
	return nil
}
