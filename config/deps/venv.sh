#!/usr/bin/env bash
# Keeps a Python environment in the user's cache folder that holds exactly what a requirements file pins.
#
#   venv.sh NAME REQUIREMENTS      makes or renews $cache/python/NAME; does nothing when it is up to date
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
name=$1 requirements=$2
home=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}/python/$name

# An environment belongs to the Python that made it, so that its version is part of what must be unchanged.
wanted="$(python3 -c 'import sys; print(sys.version_info[:3], sys.base_prefix)') $(sha256sum <"$requirements")"
fresh() { [ "$(cat "$home/pinned" 2>/dev/null)" = "$wanted" ]; }
fresh && exit 0

"$here/check.sh" venv
mkdir -p "$(dirname "$home")"
exec 9>"$home.lock"
flock 9
fresh && exit 0 # another run has made it while this one waited

echo "Installing the Python packages of $requirements into $home (once)"
rm -rf "$home"
python3 -m venv "$home"
"$home/bin/python" -m pip install --disable-pip-version-check --quiet --only-binary=:all: --require-hashes --requirement "$requirements"
echo "$wanted" >"$home/pinned" # last: an environment without it is incomplete, and made anew
