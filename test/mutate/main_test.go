// Package mutate gives the pure stages documents that nobody would write: real manifests, changed at random. Whatever stands
// in one, nothing may panic or take long, Envoy must be given nothing that it would refuse, and the objects beside it must keep
// exactly what they had.
//
// `make test` runs some thousands; `go test ./test/mutate -args -documents 1000000` runs a million. A document is told by the
// seed and its number: `-args -seed S -first N -documents 1` runs that one again.
package mutate

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var (
	documents = flag.Int("documents", 2000, "how many mutated documents to run")
	seed      = flag.Uint64("seed", 1, "seed of the mutations")
	first     = flag.Int("first", 0, "number of the first document")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
