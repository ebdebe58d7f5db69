#!/usr/bin/env bash
# Keeps npm packages in the user's cache folder that are exactly what a package-lock.json pins.
#
#   npm.sh NAME FOLDER      makes or renews $cache/node/NAME from FOLDER's package.json and lock; does nothing when it is up to date
set -euo pipefail
name=$1 folder=$2
home=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}/node/$name

wanted="$(node --version) $(sha256sum <"$folder/package-lock.json")"
fresh() { [ "$(cat "$home/pinned" 2>/dev/null)" = "$wanted" ]; }
fresh && exit 0

mkdir -p "$(dirname "$home")"
exec 9>"$home.lock"
flock 9
fresh && exit 0 # another run has made it while this one waited

echo "Installing the npm packages of $folder into $home (once)"
rm -rf "$home"
mkdir -p "$home"
cp "$folder/package.json" "$folder/package-lock.json" "$home"
npm ci --prefix "$home" --ignore-scripts --no-audit --no-fund --loglevel error
echo "$wanted" >"$home/pinned" # last: a folder without it is incomplete, and made anew
