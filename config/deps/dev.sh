#!/usr/bin/env bash
# Runs `sluice run` with this script's arguments, and rebuilds and restarts it whenever a source file is saved. While the
# source does not compile, the last good build goes on. Manifests need no restart: sluice itself watches those.
set -euo pipefail
cd "$(dirname "$0")/../.."

built=$(mktemp)
running=
stop() {
	[ -z "$running" ] || { kill "$running" 2>/dev/null || true; wait "$running" || true; running=; }
}
trap 'stop; rm -f "$built"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

changed() {
	[ -n "$(find api cmd config controller extproc runtime xds go.mod -newer "$built" \
		\( -name '*.go' -o -name go.mod -o -path 'config/runtimes/*' \) -print -quit 2>/dev/null)" ]
}

while true; do
	touch "$built"
	if make --no-print-directory build; then
		stop
		# In a session of its own Ctrl-C does not reach it: a second signal, after the one that stop sends, would end it before
		# it has ended what it started.
		setsid bin/sluice run "$@" &
		running=$!
	fi
	until changed; do sleep 0.5; done
	echo "A source file has changed: building"
done
