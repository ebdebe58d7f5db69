// Command record writes config/crd/generated.sum, once everything has been generated. It runs at the top of the repository.
package main

import (
	"fmt"
	"os"

	"github.com/sluice-serving/sluice/config/crd/digest"
)

func main() {
	sums, err := digest.Of(".")
	if err == nil {
		err = os.WriteFile("config/crd/generated.sum", []byte(digest.Text(sums)), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}
