#!/usr/bin/env bash
# Fuzzes what reads bytes from outside: every fuzz target below runtime and api/oip, one after another.
#
#   fuzz.sh RUNS [WORD...]   RUNS inputs for each target, or only for those whose name (package.Target) has one of the words;
#                            RUNS may be a time, as 5m
#
# Inputs that reached new code are kept in the cache folder, and the next run goes on from them. An input that breaks a target
# is written to testdata/fuzz beside it, where `go test` runs it from then on; the others still get their runs.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:?how many runs for each target}
shift
[[ $runs =~ ^[0-9]+$ ]] && runs=${runs}x
root=$PWD
kept=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}/fuzz
mkdir -p "$kept"
exec 9>"$kept/lock"
flock -n 9 || { echo "Another make fuzz is at work in $kept"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What targets unpack goes to memory where there is a disk in memory.
if [ -w /dev/shm ]; then TMPDIR=$(mktemp -d -p /dev/shm); export TMPDIR; trap 'rm -rf "$work" "$TMPDIR"' EXIT; fi

wanted() {
	[ "${#words[@]}" -eq 0 ] && return 0
	local word
	for word in "${words[@]}"; do [[ $1 == *"$word"* ]] && return 0; done
	return 1
}

# tell shows the fuzzer's progress: on a terminal in one line, in a log each minute.
tell() {
	if [ -t 1 ]; then
		awk -v name="$1" '/^fuzz: elapsed/ { sub(/^fuzz: /, ""); printf "\r\033[K%s: %s", name, $0; fflush(); next } { printf "\r\033[K%s\n", $0; fflush() } END { printf "\r\033[K" }'
	else
		awk -v name="$1" '/^fuzz: elapsed/ { sub(/^fuzz: /, ""); if (n++ % 20 == 19) { print name ": " $0; fflush() } next } /^PASS$/ { next } { print; fflush() }'
	fi
}

words=("$@") failed=0
while IFS=: read -r file line; do
	target=${line#func }
	target=${target%%(*}
	package=$(dirname "$file")
	name=$package.$target
	wanted "$name" || continue
	# Kept apart by target; built once, so that the tree may change while it runs.
	log=$kept/${name//\//-}.log
	go test -c -fuzz="^$target\$" -o "$work/fuzz.test" "./$package"
	began=$SECONDS
	state=ok
	# Minimising what is only interesting takes most of the time otherwise.
	(cd "$package" && "$work/fuzz.test" -test.run='^$' -test.fuzz="^$target\$" -test.fuzztime="$runs" -test.fuzzminimizetime=1x \
		-test.fuzzcachedir="$kept/corpus/$package" -test.timeout=0 2>&1) | tee "$log" | tell "$name" || state=FAILED
	[ "$state" = ok ] || failed=$((failed + 1))
	last=$(sed -nE 's/^fuzz: elapsed.*execs: ([0-9]+) .*total: ([0-9]+)\).*/\1 runs, \2 inputs kept/p' "$log" | tail -n 1)
	printf '%-52s %s, %d s, %s\n' "$name" "${last:-no run}" $((SECONDS - began)) "$state" | tee -a "$work/summary"
done < <(grep -rHE --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*\(' runtime api/oip | sort)

echo
echo "Fuzzed, from the inputs in $kept/corpus:"
cat "$work/summary" 2>/dev/null || echo "no target's name has one of: ${words[*]}"
if [ "$failed" -gt 0 ]; then
	echo "$failed failed; the inputs are in testdata/fuzz:"
	git -C "$root" status --short --untracked-files=all -- '*/testdata/fuzz/*'
	exit 1
fi
