// Command sluice serves InferenceServices behind Envoy, on one machine or on Kubernetes, and tells what it does.
package main

import (
	"context"
	"os"
	"os/signal"
)

// version is set by the linker, see config/deps/build.sh.
var version = "unknown"

func main() {
	// The first signal ends the command's context; a second one, with the handler gone, ends the process.
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	context.AfterFunc(ctx, stop)
	root := newRootCommand(os.Getenv)
	root.SetArgs(os.Args[1:])
	root.SetIn(os.Stdin)
	root.SetOut(os.Stdout)
	root.SetErr(os.Stderr)
	os.Exit(execute(ctx, root))
}
