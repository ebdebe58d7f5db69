#!/usr/bin/env bash
# Generates from the Go types of KServe's kinds their deep copies, CustomResourceDefinitions (config/crd) and reference documentation
# (docs/reference). The tools are built from their Go modules, once for each version, into the user's cache folder.
# config/crd/generated.sum keeps the digests of what went in and came out; a test holds the files against it.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=config/deps/tools
home=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}/generate/$(sha256sum <"$tools/go.sum" | cut -c1-16)-$(go env GOVERSION)

if [ ! -x "$home/controller-gen" ] || [ ! -x "$home/crd-ref-docs" ]; then
	echo "Building controller-gen and crd-ref-docs into $home (once; some minutes)"
	mkdir -p "$home"
	work=$(mktemp -d "$home/.build.XXXXXX")
	go -C "$tools" build -o "$work/" tool
	mv -f "$work"/* "$home"
	rmdir "$work"
fi

echo "Deep copies"
"$home/controller-gen" object paths=./api/serving/...
echo "CustomResourceDefinitions"
rm -f config/crd/*.yaml
"$home/controller-gen" crd:allowDangerousTypes=true,maxDescLen=0 paths=./api/serving/... output:crd:dir=config/crd
go run ./config/crd/relax config/crd
chmod 644 config/crd/*.yaml
echo "Reference documentation"
mkdir -p docs/reference
"$home/crd-ref-docs" --log-level=ERROR --config=config/deps/crd-ref-docs.yaml --source-path=api/serving --renderer=markdown --output-mode=single \
	--output-path=docs/reference/serving.kserve.io.md
go run ./config/crd/record
