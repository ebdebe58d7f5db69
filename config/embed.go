// Package config holds the files that come with sluice, embedded so that one binary needs nothing beside it.
package config

import (
	"embed"
	"io/fs"
)

//go:embed runtimes/*.yaml
var files embed.FS

// Runtimes gives the default ClusterServingRuntimes: YAML files at the root, one or more documents each.
// They are the bundled runtime (annotation "sluice.dev/bundled") and KServe's own under KServe's names.
func Runtimes() fs.FS {
	sub, err := fs.Sub(files, "runtimes")
	if err != nil {
		panic("config: the folder runtimes was not embedded: " + err.Error())
	}
	return sub
}
