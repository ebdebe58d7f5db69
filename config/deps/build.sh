#!/usr/bin/env bash
# Builds bin/sluice with the version that git gives it. The first build compiles every dependency, which takes minutes:
# on a terminal a counter shows that it moves.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo unknown)}
export CGO_ENABLED=1
# No stamp of the checkout in the binary: main.version says it, and go build fails where git refuses to tell (a checkout of
# another user, as in a container). No DWARF (-w), which is a sixth of the file and needed by debuggers alone; stack traces and
# profiles do without.
compile() { go build -v -buildvcs=false -ldflags "-w -X main.version=$version" -o bin/sluice ./cmd/sluice 2>&1; }

if [ -t 1 ]; then
	# `go build -v` prints a line for each package that it compiles or module that it downloads, and the compiler's errors.
	compile | awk '
		/^go: downloading / || /^[a-z0-9.\/_-]+$/ { printf "\r\033[KBuilding bin/sluice: %d  %.60s", ++n, $NF; fflush(); next }
		{ if (n) print ""; n = 0; print }
		END { if (n) printf "\r\033[K" }'
else
	echo "Building bin/sluice (the first time takes minutes)"
	compile | awk '!/^go: downloading / && !/^[a-z0-9.\/_-]+$/'
fi
