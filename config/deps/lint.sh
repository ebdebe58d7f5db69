#!/usr/bin/env bash
# Runs golangci-lint over the repository. It is built from its Go module, once for each version of Go, into the user's
# cache folder; go.mod knows nothing of it. Arguments are passed on to `golangci-lint run`, as in: lint.sh --fix
set -euo pipefail
version=2.15.0
cd "$(dirname "$0")/../.."
home=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}/golangci-lint/$version-$(go env GOVERSION)

if [ ! -x "$home/golangci-lint" ]; then
	echo "Building golangci-lint $version into $home (once; some minutes)"
	mkdir -p "$home"
	work=$(mktemp -d "$home/.build.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	(cd / && GOBIN=$work GOFLAGS='' go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$version")
	mv -f "$work/golangci-lint" "$home/golangci-lint"
fi
"$home/golangci-lint" run "$@" ./...
